"""A small simulated world and the nights of an installation, run in this process."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.night import Night, Report
from pipeline.settings import Settings
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


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dbt's parsed project, so that not every data folder pays for parsing."""
    data = tmp_path_factory.mktemp("parsed")
    with Simulator(size=400, seed=1, night=str(FIRST)) as sim:
        Installation(sim, data).run(FIRST)
    target = data / "build" / "target"
    for path in target.iterdir():
        if path.name != "partial_parse.msgpack":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return target


@pytest.fixture
def installation(tmp_path: Path, parsed: Path) -> Iterator[Installation]:
    """An empty installation and a world of 400 projects."""
    shutil.copytree(parsed, tmp_path / "data" / "build" / "target")
    with Simulator(size=400, seed=1, night=str(FIRST)) as sim:
        yield Installation(sim, tmp_path / "data")


@pytest.fixture
def another(tmp_path: Path, parsed: Path, installation: Installation) -> Installation:
    """Another machine that looks at the same world."""
    shutil.copytree(parsed, tmp_path / "other" / "build" / "target")
    return Installation(installation.sim, tmp_path / "other")
