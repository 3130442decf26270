"""A stand-in for the outside world: one seeded economy, institutions that answer over real HTTP, and known truth.

`Simulator` serves a `World` that evolves night by night; `python -m simulator` does so from the command line. To add an
institution (a bank, a guarantor): give it a module or package of its own with a subclass of `messages.Institution` that
answers from the world, and name it in `Simulator`.
"""

from simulator.server import Simulator
from simulator.truth import Project, Transition, Truth, tell
from simulator.world import World

__all__ = ["Project", "Simulator", "Transition", "Truth", "World", "tell"]
