"""A running simulator and somebody who reads from it; an economy of lenders and guarantors."""

from collections.abc import Iterator

import pytest
from simulator_reader import NIGHT, Reader

from simulator import Simulator, World
from simulator.lending.economy import Lending


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(size=300, seed=5, night=NIGHT, hold_seconds=0.2, retry_after=3) as simulator:
        yield simulator


@pytest.fixture
def read(sim: Simulator) -> Iterator[Reader]:
    reader = Reader(sim)
    with reader.session:
        yield reader


@pytest.fixture(scope="session")
def lending() -> Lending:
    """Nobody changes it: what it says is a function of its world."""
    return Lending(World(300, seed=5))
