"""One sound release, spoilt copies of it, and the gate's verdict on them."""

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
from release_file import RUN_DATE, write

from expectations import gate, listing_pipeline, published
from expectations.gate import GateResult, judge

Judge = Callable[..., GateResult]


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a sound release of the night before, in the folder that names it."""
    folder = tmp_path_factory.mktemp("releases") / "2026-07-14-aaaaaaaaaaaa"
    folder.mkdir()
    return write(folder / "fsdb.duckdb")


@pytest.fixture(scope="module")
def sound(whole: Path) -> Path:
    """The release that the tests of a module spoil: the whole one, unless the module says otherwise."""
    return whole


@pytest.fixture(scope="module")
def listing_only(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A gate and a sound release of the listing pipeline alone: a third of the rules, for tests of the gate itself."""
    folder = tmp_path_factory.mktemp("listing") / whole.parent.name
    folder.mkdir()
    path = folder / whole.name
    shutil.copy(whole, path)
    tables = {**published.TABLES, **listing_pipeline.TABLES}
    with duckdb.connect(path) as connection:
        for name in gate.TABLES.keys() - tables.keys():
            connection.execute(f"drop table {name}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate, "DATABASES", (listing_pipeline,))
        patch.setattr(gate, "TABLES", tables)
        patch.setattr(gate, "ENTITIES", listing_pipeline.ENTITIES)
        yield path


@pytest.fixture(scope="module")
def spoilt(sound: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A copy of the sound release after some SQL; times are China's."""

    def spoil(sql: str) -> Path:
        path = tmp_path_factory.mktemp("candidate") / "fsdb.duckdb"
        shutil.copy(sound, path)
        with duckdb.connect(path) as connection:
            connection.execute(sql)
        return path

    return spoil


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
def clean(judged: Judge) -> GateResult:
    """The verdict on a sound release that follows a sound one."""
    return judged()
