"""A small simulated world and the nights of an installation, run in this process."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extractors.core.changes import ChangeLog
from extractors.core.spec import all_specs
from pipeline import sources
from pipeline.dbt import _PARSED
from pipeline.night import Night, Report
from pipeline.settings import Settings
from pipeline.version import code_version
from simulator.server import Simulator

FIRST = date(2026, 7, 13)


@dataclass
class LaterClock:
    """Long after every night of the tests; waits cost nothing and are remembered."""

    instant: datetime = datetime(2026, 9, 1, 4, 0, tzinfo=UTC)
    waits: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        """A second later each time it is asked."""
        self.instant += timedelta(seconds=1)
        return self.instant

    def monotonic(self) -> float:
        return self.instant.timestamp()

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


@dataclass
class Installation:
    """A data folder, and nights run in it against a simulator."""

    sim: Simulator
    data: Path
    clock: LaterClock = field(default_factory=LaterClock)

    def settings(self, **given: Any) -> Settings:
        return Settings(**({"data_dir": self.data, "upstream": self.sim.url, "http_timeout": 2} | given))

    def night(self, run_date: date | str, **given: Any) -> Night:
        """The steps of a night; the world is moved to it."""
        run_date = date.fromisoformat(str(run_date))
        self.sim.night = run_date
        return Night(self.settings(**given), run_date, self.clock)

    def run(self, run_date: date | str, *accept: str, **given: Any) -> Report:
        return self.night(run_date, **given).run(frozenset(accept))

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the current release."""
        from publication import publish

        path = publish.path_of(self.data / "releases", None) / "fsdb.duckdb"
        with duckdb.connect(str(path), read_only=True) as con:
            return con.execute(sql).fetchall()


@dataclass(frozen=True)
class Begun:
    """Folders to begin with, and the release of the first night: copying takes less than building them each time.

    `parsed`: dbt's target with the project parsed; `empty`: a build file with the code lists and no night; `lived`: the
    data folder after the first night.
    """

    parsed: Path
    empty: Path
    lived: Path
    release_id: str


@pytest.fixture(scope="session")
def begun_with(tmp_path_factory: pytest.TempPathFactory) -> Begun:
    """The first night of the small world; made once, by whichever worker of the test run comes first."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "begun"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "release_id").exists():
            (folder / "release_id").write_text(_begin(folder))
    return Begun(folder / "parsed", folder / "empty", folder / "lived", (folder / "release_id").read_text())


def _begin(folder: Path) -> str:
    """Build everything without a night, then the first night; return its release id."""
    # Whatever this process has parsed before: the file that spares other processes the parsing is wanted as well.
    _PARSED.clear()
    with Simulator(size=400, seed=1, night=str(FIRST)) as sim:
        before = Installation(sim, folder / "before").night(FIRST - timedelta(days=1))
        empty = {
            (spec.id, name): ChangeLog(
                before.settings.changes, before.archive, spec.id, name, resource, spec.address
            ).empty()
            for spec in all_specs().values()
            for name, resource in spec.resources.items()
        }
        fetches = sources.rows(before.archive, before.run_date, before.sources())
        before.warehouse.build(before.run_date, code_version(), {key: [] for key in empty}, empty, fetches)
        shutil.copytree(folder / "before" / "build", folder / "empty")
        shutil.copytree(folder / "empty", folder / "lived" / "build")
        release = Installation(sim, folder / "lived").run(FIRST).release
    (folder / "parsed").mkdir()
    shutil.copy(folder / "empty" / "target" / "partial_parse.msgpack", folder / "parsed")
    return release.release_id


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
def begun_elsewhere(tmp_path: Path, begun_with: Begun, world: Simulator) -> Installation:
    """Another machine that looks at the same world, after its first night."""
    shutil.copytree(begun_with.lived, tmp_path / "elsewhere")
    return Installation(world, tmp_path / "elsewhere")


@pytest.fixture
def another(tmp_path: Path, begun_with: Begun, world: Simulator) -> Installation:
    """Another machine that looks at the same world, where nothing has been built."""
    shutil.copytree(begun_with.parsed, tmp_path / "other" / "build" / "target")
    return Installation(world, tmp_path / "other")
