"""A build file fed with rows of any resource, night by night or at once."""

import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from listing_build import BUILD_FILE, Dbt
from raw_schema import Row, lay_out, logged, specs

Said = Mapping[str, Iterable[Row]]


class Records:
    """What sources said, and a build file that is brought to what they said.

    ```
    records = Records(tmp_path, dbt)
    records.night(date(2026, 7, 13), {"cdr__brand": [{"brand_id": "1", "brand_name": "甲"}]})
    records.night(date(2026, 7, 14), {"cdr__brand": [{"brand_id": "1", "_change": "removed"}]})
    assert records.query("from financial_institutions.institution") == []
    assert records.at_once(other_folder).query(…) == records.query(…)
    ```
    """

    def __init__(self, folder: Path, dbt: Dbt) -> None:
        self.path = folder / BUILD_FILE
        self._decisions, self._dbt = folder / "decisions", dbt
        self._said: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        self._deliveries: list[Row] = []
        self._rejected: dict[tuple[str, str], int] = defaultdict(int)
        self._nights: list[date] = []

    def night(
        self,
        run_date: date,
        said: Said,
        *,
        deliveries: Iterable[Row] = (),
        rejected: Mapping[str, int] | None = None,
    ) -> None:
        """Bring the file to a night on which resources (`source__resource`) changed by these rows (see `logged`).

        `deliveries`: further rows of `raw.delivery`; `rejected`: further rows without a usable key, by resource.
        The first night is built in full, later ones by what is new.
        """
        new = {
            _pair(name): [logged(*_pair(name), {"_run_date": run_date, **row}) for row in rows]
            for name, rows in said.items()
        }
        for resource, rows in new.items():
            self._said[resource] += rows
        self._deliveries += deliveries
        for name, count in (rejected or {}).items():
            self._rejected[_pair(name)] += count
        self._nights.append(run_date)
        self._build(run_date, new, full=len(self._nights) == 1)

    def at_once(self, folder: Path) -> "Records":
        """Another build file, built in full from all that was said so far; by the same identity decisions."""
        other = Records(folder, self._dbt)
        other._said, other._deliveries, other._rejected = self._said, self._deliveries, self._rejected
        other._nights = self._nights
        if self._decisions.exists():
            shutil.copytree(self._decisions, other._decisions)
        other._build(self._nights[-1], self._said, full=True)
        return other

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows a query gives."""
        with duckdb.connect(str(self.path)) as db:
            return db.execute(sql).fetchall()

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows a query gives, by column."""
        with duckdb.connect(str(self.path)) as db:
            found = db.execute(sql)
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def _build(self, run_date: date, new: Mapping[tuple[str, str], list[dict[str, Any]]], *, full: bool) -> None:
        if full:
            self._dbt.begin(self.path)
        with duckdb.connect(str(self.path)) as db:
            lay_out(db, run_date, new, self._fetches(run_date), self._deliveries)
        news = [resource for resource, rows in new.items() if rows]
        self._dbt.bring(self.path, self._decisions, run_date, news, full=full)

    def _fetches(self, run_date: date) -> list[dict[str, Any]]:
        """A row of raw.fetch for every declared resource: what is there of it after all its changes."""
        return [
            self._fetch(run_date, spec.id, name, resource.record_key)
            for spec in specs().values()
            for name, resource in spec.resources.items()
        ]

    def _fetch(self, run_date: date, source: str, resource: str, key: list[str]) -> dict[str, Any]:
        said = self._said.get((source, resource), [])
        there = {tuple(row[column] for column in key): row["_change"] != "removed" for row in said}
        row = {"source_id": source, "resource": resource, "max_age_nights": 400, "selected": True}
        row["visibility"] = specs()[source].visibility(resource)
        if not said:
            return {**row, "status": "not_run"}
        good: date = max(row["_run_date"] for row in said)
        records, rejected = sum(there.values()), self._rejected.get((source, resource), 0)
        return {
            **row,
            "status": "complete" if good == run_date else "failed",
            "good_run_date": good,
            "age_nights": (run_date - good).days,
            "fetched": records + rejected,
            "duplicates": 0,
            "rejected": rejected,
            "records": records,
        }


def _pair(name: str) -> tuple[str, str]:
    source, resource = name.split("__", 1)
    return source, resource
