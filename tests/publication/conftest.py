"""Fixtures of the publication tests."""

from pathlib import Path

import pytest
from publication_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "data")
