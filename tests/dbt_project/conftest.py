"""A build file of one's own: the raw schema filled from change logs, and dbt run on it in this process."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.base_types import EventMsg
from listing_world import COLUMNS, KEY, NIGHTS, PROJECT, Change, change_logs

from identity.resolve import resolve

BUILD_FILE = "warehouse.duckdb"
IN_LOG = [("_change", pa.string()), ("_record_hash", pa.string()), ("_payload", pa.string()), ("_row", pa.int32())]
IN_LOG += [("_url", pa.string()), ("_fetched_at", pa.timestamp("us", "UTC")), ("_run_date", pa.date32())]
TEXTS = "source_id resource title publisher homepage licence terms_url cadence status message".split()
COUNTS = "declared_total fetched duplicates records".split()
FETCH = pa.schema(
    [(name, pa.string()) for name in TEXTS]
    + [(name, pa.int64()) for name in COUNTS]
    + [("max_age_nights", pa.int32()), ("age_nights", pa.int32()), ("good_run_date", pa.date32()), ("selected", pa.bool_())]
)


class Dbt:
    """dbt with the project parsed once; `warnings` holds what parsing warned of."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.warnings: list[str] = []
        # The name of the file is the name of the database, and the manifest keeps it.
        parser = dbtRunner(callbacks=[self._note])
        self.manifest: Manifest = self._invoke(parser, folder / BUILD_FILE, "parse", "--no-partial-parse")
        self._runner = dbtRunner(manifest=self.manifest)

    def __call__(self, warehouse: Path, *arguments: str) -> Any:
        """Run a dbt command on a build file; returns its result, fails with every node that failed."""
        return self._invoke(self._runner, warehouse, *arguments)

    def _note(self, event: EventMsg) -> None:
        if event.info.level in ("warn", "error"):
            self.warnings.append(event.info.msg)

    def _invoke(self, runner: dbtRunner, warehouse: Path, *arguments: str) -> Any:
        os.environ["FSDB_WAREHOUSE"] = str(warehouse)
        folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        folders += ["--target-path", str(self._folder / "target"), "--log-path", str(self._folder / "logs")]
        try:
            outcome = runner.invoke(["--log-level", "none", "--log-level-file", "none", *arguments, *folders])
        finally:
            DuckDBConnectionManager.close_all_connections()
        if not outcome.success:
            results = getattr(outcome.result, "results", [])
            failed = [f"{each.node.name}: {each.status}: {each.message}" for each in results if each.failures or each.message]
            raise AssertionError("\n".join(failed) or repr(outcome.exception))
        return outcome.result


class Warehouse:
    """One build file, built night by night or in one go."""

    def __init__(self, folder: Path, dbt: Dbt) -> None:
        self.path = folder / BUILD_FILE
        self._decisions = folder / "decisions"
        self._dbt = dbt

    def build(self, changes: list[Change], nights: list[date], *, full: bool) -> None:
        """Bring the file to the last of `nights`; an incremental build sees the changes of that night only."""
        seen = [change for change in changes if change.night in nights]
        self._feed([change for change in seen if full or change.night == nights[-1]], seen, nights[-1])
        refresh = ["--full-refresh"] if full else ["--exclude-resource-type", "seed"]
        part = ["--exclude-resource-type", "unit_test", *refresh]
        self._dbt(self.path, "build", "--select", "+tag:identity_input", *part)
        resolve(self.path, self._decisions, nights[-1])
        self._dbt(self.path, "build", "--exclude", "+tag:identity_input", *part)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows a query gives."""
        with duckdb.connect(str(self.path)) as db:
            return db.execute(sql).fetchall()

    def _feed(self, new: list[Change], seen: list[Change], run_date: date) -> None:
        """Schema raw, as the pipeline leaves it."""
        with duckdb.connect(str(self.path)) as db:
            db.execute("create schema if not exists raw")
            db.execute("create or replace table raw.run as select $1::date as run_date, 'test' as code_version", [run_date])
            fetches = [_fetch(source, [change for change in seen if change.source == source], run_date) for source in COLUMNS]
            _write(db, "fetch", fetches, FETCH)
            for source, columns in COLUMNS.items():
                rows = [_logged(change) for change in new if change.source == source]
                _write(db, f"{source}_log", rows, pa.schema([(column, pa.string()) for column in columns.split()] + IN_LOG))
                db.execute(f"create or replace view raw.{source}__ipo_project as from raw.{source}_log")


def _write(db: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
    db.register("rows", pa.Table.from_pylist(rows, schema))
    db.execute(f"create or replace table raw.{table} as from rows")


def _logged(change: Change) -> dict[str, Any]:
    """A row of a change log."""
    return {
        **change.record,
        "_change": change.kind,
        "_payload": f"{change.source} {change.night}",
        "_url": f"https://{change.source}.example/list",
        "_fetched_at": datetime(change.night.year, change.night.month, change.night.day, 18, tzinfo=UTC),
        "_run_date": change.night,
    }


def _fetch(source: str, changes: list[Change], run_date: date) -> dict[str, Any]:
    """The row of raw.fetch: what the extractor says of the last complete night."""
    good = max((change.night for change in changes), default=None)
    listed = {change.record[KEY[source]]: change.kind != "removed" for change in changes}
    records = sum(listed.values())
    return {
        "source_id": source,
        "resource": "ipo_project",
        "status": "complete" if good == run_date else "failed",
        "good_run_date": good,
        "age_nights": (run_date - good).days if good else None,
        "max_age_nights": 3,
        "fetched": records + 1,
        "duplicates": 1,
        "records": records,
        "selected": True,
    }


@pytest.fixture(scope="session")
def dbt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dbt]:
    """dbt, with the project parsed."""
    before = os.environ.get("FSDB_WAREHOUSE")
    yield Dbt(tmp_path_factory.mktemp("dbt"))
    if before is None:
        os.environ.pop("FSDB_WAREHOUSE", None)
    else:
        os.environ["FSDB_WAREHOUSE"] = before


@pytest.fixture(scope="session")
def new_warehouse(dbt: Dbt, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Warehouse]:
    """Makes build files."""
    return lambda: Warehouse(tmp_path_factory.mktemp("warehouse"), dbt)


@pytest.fixture(scope="session")
def changes() -> list[Change]:
    """Four nights of three lists."""
    return change_logs(random_seed=20260713, projects=60)


@pytest.fixture(scope="session")
def night_by_night(new_warehouse: Callable[[], Warehouse], changes: list[Change]) -> Warehouse:
    """A build file that has lived through every night."""
    warehouse = new_warehouse()
    for count in range(1, len(NIGHTS) + 1):
        warehouse.build(changes, NIGHTS[:count], full=count == 1)
    return warehouse


@pytest.fixture(scope="session")
def at_once(new_warehouse: Callable[[], Warehouse], changes: list[Change]) -> Warehouse:
    """A build file made of all nights on the last."""
    warehouse = new_warehouse()
    warehouse.build(changes, NIGHTS, full=True)
    return warehouse
