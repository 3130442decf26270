"""A stand-in for the outside world: one seeded economy, institutions that answer over real HTTP, and known truth.

`Simulator` serves a `World` that evolves night by night; `python -m simulator` does so from the command line. Banks and
guarantors live in `simulator.lending`: some answer (`TOKEN` is the product feed's), all deliver files, which
`Simulator.drop` writes into an inbox; `Simulator.lending_truth` tells what a pipeline should know of them.
To add an institution that answers: give it a module or package of its own with a subclass of `messages.Institution`
that answers from the world, and name it in `Simulator`.
"""

from simulator.lending.feed import TOKEN
from simulator.server import Simulator
from simulator.truth import Project, Transition, Truth, tell
from simulator.world import World

__all__ = ["TOKEN", "Project", "Simulator", "Transition", "Truth", "World", "tell"]
