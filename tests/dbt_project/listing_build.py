"""A build file of one's own: the raw schema filled from change logs, and dbt run on it in this process."""

import os
import shutil
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.base_types import EventMsg
from listing_world import KEY, PROJECT, Change
from raw_schema import lay_out, logged

from identity.resolve import resolve
from pipeline.warehouse import selection
from tests.installation import Begun

BUILD_FILE = "warehouse.duckdb"
Resource = tuple[str, str]


class Dbt:
    """dbt with the project parsed once, and build files to begin with."""

    def __init__(self, folder: Path, begun: Begun) -> None:
        self._folder, self._begun = folder, begun
        shutil.copytree(begun.parsed, folder / "target")
        # The name of the file is the name of the database, and the manifest keeps it.
        self.manifest: Manifest = self._invoke(dbtRunner(), Path(BUILD_FILE), "parse")
        self._runner = dbtRunner(manifest=self.manifest)

    def warnings(self) -> list[str]:
        """What dbt warns of when it parses everything anew."""
        said: list[str] = []

        def note(event: EventMsg) -> None:
            if event.info.level in ("warn", "error"):
                said.append(str(event.info))

        self._invoke(dbtRunner(callbacks=[note]), Path(BUILD_FILE), "parse", "--no-partial-parse")
        return said

    def __call__(self, warehouse: Path, *arguments: str) -> Any:
        """Run a dbt command on a build file; returns its result, fails with every node that failed."""
        return self._invoke(self._runner, warehouse, *arguments)

    def bring(
        self, warehouse: Path, decisions: Path, run_date: date, news: Collection[Resource], *, full: bool
    ) -> None:
        """Build what hangs on the resources with `news`, and resolve identities; `full`: as if for the first time.

        All else is right as it stands: in a file without records, which every file begins as.
        """
        anew = ["--exclude-resource-type", "unit_test", "--cache-selected-only", *(["--full-refresh"] if full else [])]
        before, after = selection(news)
        self(warehouse, "build", *before, *anew)
        resolve(warehouse, decisions, run_date)
        self(warehouse, "build", *after, *anew)

    def begin(self, warehouse: Path) -> None:
        """Put a build file without a record at `warehouse`, every model and seed in it."""
        shutil.copy(self._begun.empty / BUILD_FILE, warehouse)

    def _invoke(self, runner: dbtRunner, warehouse: Path, *arguments: str) -> Any:
        os.environ["FSDB_WAREHOUSE"] = str(warehouse)
        folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        folders += ["--target-path", str(self._folder / "target"), "--log-path", str(self._folder / "logs")]
        folders += ["--no-write-json"]
        try:
            outcome = runner.invoke(["--log-level", "none", "--log-level-file", "none", *arguments, *folders])
        finally:
            DuckDBConnectionManager.close_all_connections()
        if not outcome.success:
            results = getattr(outcome.result, "results", [])
            bad = [result for result in results if result.status in ("error", "fail", "runtime error")]
            said = "\n".join(f"{result.node.name}: {result.message}" for result in bad)
            raise AssertionError(said or repr(outcome.exception))
        return outcome.result


class Warehouse:
    """One build file, built night by night or in one go."""

    def __init__(self, folder: Path, dbt: Dbt) -> None:
        self.path = folder / BUILD_FILE
        self._decisions = folder / "decisions"
        self._dbt = dbt

    def build(self, run_date: date, seen: list[Change], new: list[Change] | None = None) -> None:
        """Bring the file to a night: in full from all changes `seen` so far, or by what is `new` among them."""
        told = seen if new is None else new
        if new is None:
            self._dbt.begin(self.path)
        self._feed(run_date, seen, told)
        news = {(change.source, "ipo_project") for change in told}
        self._dbt.bring(self.path, self._decisions, run_date, news, full=new is None)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows a query gives."""
        with duckdb.connect(str(self.path)) as db:
            return db.execute(sql).fetchall()

    def _feed(self, run_date: date, seen: list[Change], new: list[Change]) -> None:
        """Schema raw, as the pipeline leaves it."""
        logs = {
            (source, "ipo_project"): [_logged(change) for change in new if change.source == source] for source in KEY
        }
        with duckdb.connect(str(self.path)) as db:
            lay_out(db, run_date, logs, [_fetch(source, seen, run_date) for source in KEY])


class Lived:
    """A build file and its diary: after every build, the age of every source and the projects it showed of each."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.ages: list[dict[str, int]] = []
        self.projects: list[dict[str, list[Any]]] = []

    def build(self, run_date: date, seen: list[Change], new: list[Change] | None) -> None:
        """Build as `Warehouse.build` does, and note what is to be seen."""
        self.warehouse.build(run_date, seen, new)
        ages = self.warehouse.query("select source_id, age_nights from quality.source_status")
        projects = self.warehouse.query(
            "select src_family, list(p order by project_id) from listing_pipeline.project as p group by src_family"
        )
        self.ages.append(dict(ages))
        self.projects.append(dict(projects))


def _logged(change: Change) -> dict[str, Any]:
    """A row of a change log."""
    return logged(change.source, "ipo_project", {**change.record, "_change": change.kind, "_run_date": change.night})


def _fetch(source: str, seen: list[Change], run_date: date) -> dict[str, Any]:
    """The row of raw.fetch: what the extractor says of the last complete night."""
    changes = [change for change in seen if change.source == source]
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
        "rejected": 0,
        "records": records,
        "selected": True,
        "visibility": "public",
    }
