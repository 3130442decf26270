"""Installations of which each test has one of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.server import Simulator
from tests.installation import FIRST, Begun, Installation


@pytest.fixture
def world() -> Iterator[Simulator]:
    """A world of 400 projects."""
    with Simulator(size=400, seed=1, night=str(FIRST)) as sim:
        yield sim


@pytest.fixture
def installation(tmp_path: Path, begun_with: Begun, world: Simulator) -> Installation:
    """An installation before its first night."""
    shutil.copytree(begun_with.empty, tmp_path / "data" / "build")
    return Installation(world, tmp_path / "data")


@pytest.fixture
def begun(tmp_path: Path, begun_with: Begun, world: Simulator) -> Installation:
    """An installation after its first night."""
    shutil.copytree(begun_with.lived, tmp_path / "begun")
    return Installation(world, tmp_path / "begun")


@pytest.fixture
def begun_twice(tmp_path: Path, begun_with: Begun, world: Simulator) -> Installation:
    """An installation after its second night."""
    shutil.copytree(begun_with.lived_on, tmp_path / "twice")
    return Installation(world, tmp_path / "twice")
