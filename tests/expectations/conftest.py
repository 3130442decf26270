"""One sound release, spoilt copies of it, and the gate's verdict on them."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest
from release_file import RUN_DATE, write

from expectations.gate import GateResult, judge

Judge = Callable[..., GateResult]


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a sound release of the night before, in the folder that names it."""
    folder = tmp_path_factory.mktemp("releases") / "2026-07-14-aaaaaaaaaaaa"
    folder.mkdir()
    return write(folder / "fsdb.duckdb")


@pytest.fixture(scope="session")
def spoilt(sound: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A copy of the sound release after some SQL; times are China's."""

    def spoil(sql: str) -> Path:
        path = tmp_path_factory.mktemp("candidate") / "fsdb.duckdb"
        shutil.copy(sound, path)
        with duckdb.connect(path) as connection:
            connection.execute(sql)
        return path

    return spoil


@pytest.fixture(scope="session")
def judged(sound: Path, spoilt: Callable[[str], Path]) -> Judge:
    """The verdict on the sound release after some SQL, compared with the sound one unless told otherwise."""

    def verdict(
        sql: str = "",
        *,
        previous: Path | None = sound,
        accept: frozenset[str] = frozenset(),
        run_date: date = RUN_DATE,
    ) -> GateResult:
        return judge(spoilt(sql), previous, run_date, accept)

    return verdict


@pytest.fixture(scope="session")
def clean(judged: Judge) -> GateResult:
    """The verdict on a sound release that follows a sound one."""
    return judged()
