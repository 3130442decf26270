"""An installation whose nights are run in this process against a small simulated world; begun once for all tests."""

import shutil
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

    `parsed`: dbt's target with the project parsed; `empty`: a build file with the code lists and no night; `lived`,
    `lived_on`: the data folder after the first and after the second night.
    """

    folder: Path

    @property
    def parsed(self) -> Path:
        return self.folder / "parsed"

    @property
    def empty(self) -> Path:
        return self.folder / "empty"

    @property
    def lived(self) -> Path:
        return self.folder / "lived"

    @property
    def lived_on(self) -> Path:
        return self.folder / "lived_on"

    def release_id(self, night: date) -> str:
        """Id of the release of a night."""
        return next(path.name for path in (self.lived_on / "releases").glob(f"{night}-*"))


def begin(folder: Path) -> None:
    """Build everything without a night, then the first two nights."""
    # Whatever this process has parsed before: the file that spares other processes the parsing is wanted as well.
    _PARSED.clear()
    with Simulator(size=400, seed=1, night=str(FIRST)) as sim:
        installation = Installation(sim, folder / "before")
        before = Night(installation.settings(), BEFORE, installation.clock)  # the world knows nothing of that night
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
        Installation(sim, folder / "lived").run(FIRST)
        shutil.copytree(folder / "lived", folder / "lived_on")
        Installation(sim, folder / "lived_on").run(SECOND)
    (folder / "parsed").mkdir()
    shutil.copy(folder / "empty" / "target" / "partial_parse.msgpack", folder / "parsed")
