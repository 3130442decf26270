"""The three exchanges' extractors against stored real answers, whole and broken."""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow.parquet as pq
import pytest

from extractors.core.archive import Archive, Outcome
from extractors.core.changes import ChangeLog
from extractors.core.fetch import Access, fetch
from extractors.core.spec import all_specs

UPSTREAM = Path(__file__).parents[3] / "shared" / "upstream"
HOSTS = {"sse": "query.sse.com.cn", "szse": "www.szse.cn", "bse": "www.bse.cn"}
NAME = "ipo_project"
BEFORE, TONIGHT = date(2026, 7, 14), date(2026, 7, 15)
EVERY = pytest.mark.parametrize("source", sorted(HOSTS))
Fetch = Callable[..., Outcome]


class Installation:
    """Archive and change log of one installation."""

    def __init__(self, folder: Path, clock: Any) -> None:
        self.archive, self.folder, self.clock = Archive(folder / "raw"), folder, clock

    def fetch(self, source: str, address: str, run_date: date = TONIGHT, timeout: float = 20.0) -> Outcome:
        """One attempt at an exchange's list, answered by a box."""
        access = Access(
            self.clock, "fsdb/test", lambda spec: f"{address}/{urlsplit(spec.http.base).netloc}", False, timeout
        )
        return fetch(all_specs()[source], NAME, self.archive, run_date, access)

    def changes(self, source: str, until: date = TONIGHT) -> dict[date, tuple[int, int, int]]:
        """(added, changed, removed) of every night in the log."""
        spec = all_specs()[source]
        log = ChangeLog(self.folder / "changes", self.archive, source, NAME, spec.resources[NAME], spec.http.base)
        found = {}
        for night in log.update(until):
            basis = night.basis
            found[basis.run_date] = (basis.added, basis.changed, basis.removed)
        return found

    def records(self, source: str, run_date: date = TONIGHT) -> list[dict[str, Any]]:
        """The records of a night's accepted attempt."""
        attempt = self.archive.accepted(source, NAME, run_date)
        assert attempt
        rows: list[dict[str, Any]] = pq.read_table(attempt.records()).to_pylist()
        return rows


class FixedClock:
    """Stands still; nobody waits."""

    def __init__(self) -> None:
        from datetime import UTC, datetime

        self.now = lambda: datetime(2026, 7, 15, 18, tzinfo=UTC)
        self.monotonic = lambda: 0.0
        self.sleep = lambda _: None
