"""An installation whose nights are run in this process against a small simulated world; begun once for all tests."""

import fcntl
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from extractors.core.changes import ChangeLog
from extractors.core.spec import all_specs
from pipeline import sources
from pipeline.dbt import _PARSED
from pipeline.night import Night, Report
from pipeline.settings import Settings
from pipeline.version import code_version
from simulator.server import Simulator

FIRST, SECOND, THIRD = date(2026, 7, 13), date(2026, 7, 14), date(2026, 7, 15)
# Before every night of any test: what was built for it can be built on.
BEFORE = date(2020, 1, 1)


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

    def query(self, sql: str, release_id: str | None = None) -> list[tuple[Any, ...]]:
        """Rows of the current release, or of another."""
        from publication import publish

        path = publish.path_of(self.data / "releases", release_id) / "fsdb.duckdb"
        with duckdb.connect(str(path), read_only=True) as con:
            return con.execute(sql).fetchall()


@dataclass(frozen=True)
class Begun:
    """Folders to begin with, and the releases in them: copying takes less than building them each time.

    Made when they are asked for first, by whichever worker of the test run asks. Not to be written to.
    """

    folder: Path

    @property
    def parsed(self) -> Path:
        """dbt's target with the project parsed."""
        return self._made("built", build) / "parsed"

    @property
    def empty(self) -> Path:
        """A build folder with the code lists and no night."""
        return self._made("built", build) / "empty"

    @property
    def lived(self) -> Path:
        """The data folder after the first night."""
        return self._made("played", self._play) / "first"

    @property
    def lived_on(self) -> Path:
        """The data folder after the second night."""
        return self._made("played", self._play) / "second"

    def release_id(self, night: date) -> str:
        """Id of the release of a night."""
        return next(path.name for path in (self.lived_on / "releases").glob(f"{night}-*"))

    def _play(self, folder: Path) -> None:
        play(self.empty, folder)

    def _made(self, name: str, make: Callable[[Path], None]) -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "done").exists():
                make(folder)
                (folder / "done").touch()
        return folder


def build(folder: Path) -> None:
    """Build everything without a night: `parsed` and `empty`."""
    # Whatever this process has parsed before: the file that spares other processes the parsing is wanted as well.
    _PARSED.clear()
    night = Night(Settings(data_dir=folder / "data"), BEFORE, LaterClock())
    empty = {
        (spec.id, name): ChangeLog(night.settings.changes, night.archive, spec.id, name, resource, spec.address).empty()
        for spec in all_specs().values()
        for name, resource in spec.resources.items()
    }
    fetches = sources.rows(night.archive, night.run_date, night.sources())
    night.warehouse.build(night.run_date, code_version(), {key: [] for key in empty}, empty, fetches)
    shutil.copytree(night.settings.build, folder / "empty")
    (folder / "parsed").mkdir()
    shutil.copy(folder / "empty" / "target" / "partial_parse.msgpack", folder / "parsed")


def play(empty: Path, folder: Path) -> None:
    """Play two nights on a build folder without one: `first` and `second`."""
    with Simulator(size=400, seed=1, night=str(FIRST)) as sim:
        shutil.copytree(empty, folder / "first" / "build")
        Installation(sim, folder / "first").run(FIRST)
        shutil.copytree(folder / "first", folder / "second")
        Installation(sim, folder / "second").run(SECOND)
