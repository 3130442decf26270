"""Fixtures of the publication tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from publication_world import World, write_here

from publication import database


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "data")


@pytest.fixture(scope="module")
def written_here() -> Iterator[None]:
    """For tests of what does not depend on the process that writes the databases of editions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "write_apart", write_here)
        yield
