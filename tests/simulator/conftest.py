"""A running simulator and somebody who reads from it."""

from collections.abc import Iterator

import pytest
from simulator_reader import NIGHT, Reader

from simulator import Simulator


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(size=300, seed=5, night=NIGHT, hold_seconds=0.2, retry_after=3) as simulator:
        yield simulator


@pytest.fixture
def read(sim: Simulator) -> Iterator[Reader]:
    reader = Reader(sim)
    with reader.session:
        yield reader
