"""A small warehouse with its manifest, as dbt would leave them, and the steps of a night on it."""

import json
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from publication import candidate, catalogue, database
from publication.candidate import Candidate
from publication.ledger import Release, base_of, current
from publication.publish import publish
from publication.sql import connect

DAY = date(2026, 7, 14)
NOW = datetime(2026, 7, 15, 3, 0, tzinfo=UTC)
PROVENANCE = {"file_sha256", "fetched_at"}

PROJECT = {
    "exchange": "VARCHAR",
    "project_id": "VARCHAR",
    "organization_id": "VARCHAR",
    "company_name": "VARCHAR",
    "status": "VARCHAR",
    "plan_raise_cny": "DECIMAL(20,2)",
    "accepted_on": "DATE",
    "src_family": "VARCHAR",
    "file_sha256": "VARCHAR",
    "fetched_at": "TIMESTAMPTZ",
    "as_of": "DATE",
    "row_hash": "VARCHAR",
    "dq_status": "VARCHAR",
}
HISTORY = {
    "exchange": "VARCHAR",
    "project_id": "VARCHAR",
    "valid_from": "DATE",
    "valid_to": "DATE",
    "status": "VARCHAR",
    "as_of": "DATE",
}
ORGANIZATION = {"organization_id": "VARCHAR", "legal_name": "VARCHAR", "as_of": "DATE"}
STATUS_MAP = {"exchange": "VARCHAR", "raw_status": "VARCHAR", "status": "VARCHAR"}
SOURCE_STATUS = {
    "source_id": "VARCHAR",
    "resource": "VARCHAR",
    "title": "VARCHAR",
    "publisher": "VARCHAR",
    "homepage": "VARCHAR",
    "licence": "VARCHAR",
    "terms_url": "VARCHAR",
    "cadence": "VARCHAR",
    "max_age_nights": "INTEGER",
    "status": "VARCHAR",
    "message": "VARCHAR",
    "good_run_date": "DATE",
    "age_nights": "INTEGER",
    "declared_total": "BIGINT",
    "fetched": "BIGINT",
    "duplicates": "BIGINT",
    "records": "BIGINT",
    "selected": "BOOLEAN",
}
ROW_BALANCE = {
    "source_id": "VARCHAR",
    "resource": "VARCHAR",
    **dict.fromkeys(
        (
            "fetched",
            "duplicates",
            "records",
            "staged",
            "quarantined",
            "conformed",
            "merged",
            "carried",
            "published",
        ),
        "BIGINT",
    ),
}
SCHEMA: dict[str, tuple[dict[str, str], list[str]]] = {
    "listing_pipeline.project": (PROJECT, ["exchange", "project_id"]),
    "listing_pipeline.project_history": (HISTORY, ["exchange", "project_id", "valid_from"]),
    "organizations.organization": (ORGANIZATION, ["organization_id"]),
    "quality.row_balance": (ROW_BALANCE, ["source_id", "resource"]),
    "quality.source_status": (SOURCE_STATUS, ["source_id", "resource"]),
    "reference.status_map": (STATUS_MAP, ["exchange", "raw_status"]),
}
UNITS = {"plan_raise_cny": "CNY"}
Rows = Sequence[Mapping[str, Any]]
Schema = Mapping[str, tuple[dict[str, str], list[str]]]


def manifest_node(
    name: str,
    columns: Mapping[str, str],
    key: list[str],
    classes: Mapping[str, str] | None = None,
    row_visibility: str | None = None,
) -> dict[str, Any]:
    """A published node as it stands in dbt's manifest; columns not in `classes` are public."""
    schema, table = name.split(".")
    is_seed = schema == "reference"
    return {
        "resource_type": "seed" if is_seed else "model",
        "schema": schema,
        "name": table,
        "alias": table,
        "original_file_path": f"seeds/reference/{table}.csv" if is_seed else f"models/marts/{schema}/{table}.sql",
        "description": f"What {table} holds.",
        "config": {
            "meta": {"primary_key": key, **({"row_visibility": row_visibility} if row_visibility else {})},
            "column_types": dict(columns) if is_seed else {},
        },
        "columns": {
            column: {
                "name": column,
                "description": f"The {column} of a row.",
                "data_type": None if is_seed else kind.lower(),
                "config": {
                    "meta": {
                        "classification": (classes or {}).get(column, "public"),
                        **({"provenance": True} if column in PROVENANCE else {}),
                        **({"unit": UNITS[column]} if column in UNITS else {}),
                    }
                },
            }
            for column, kind in columns.items()
        },
    }


def write_manifest(
    path: Path,
    names: Iterable[str] = tuple(SCHEMA),
    note: str | None = None,
    schema: Schema = SCHEMA,
    classes: Mapping[str, Mapping[str, str]] | None = None,
    row_visibility: Mapping[str, str] | None = None,
) -> Path:
    """A manifest with the named tables, described by `note` if given, and a model that is not published.

    `classes`: column → classification by table; `row_visibility`: the column that says it for a row, by table.
    """
    nodes = {
        f"model.fsdb.{name}": manifest_node(
            name, *schema[name], (classes or {}).get(name), (row_visibility or {}).get(name)
        )
        for name in names
    }
    for node in nodes.values():
        node["description"] = note or node["description"]
    staging = manifest_node("staging.stg_sse__ipo_project", PROJECT, ["exchange"])
    staging["original_file_path"] = "models/staging/sse/stg_sse__ipo_project.sql"
    nodes["model.fsdb.stg"] = staging
    nodes["test.fsdb.unique"] = {"resource_type": "test", "schema": "reference"}
    path.write_text(json.dumps({"nodes": nodes}))
    return path


def project(number: int, **values: Any) -> dict[str, Any]:
    """A row of `listing_pipeline.project`."""
    return {
        "exchange": "SSE",
        "project_id": f"P{number}",
        "organization_id": f"org-{number}",
        "company_name": f"某某科技{number}股份有限公司",
        "status": "accepted",
        "plan_raise_cny": "123456789.10",
        "accepted_on": date(2026, 1, 5),
        "src_family": "sse",
        "file_sha256": "ab" * 32,
        "fetched_at": NOW,
        "as_of": DAY,
        "row_hash": "h",
        "dq_status": "pass",
        **values,
    }


def source(source_id: str = "sse", **values: Any) -> dict[str, Any]:
    """A row of `quality.source_status`."""
    return {
        "source_id": source_id,
        "resource": "ipo_project",
        "title": f"{source_id.upper()}, IPO review projects",
        "publisher": f"交易所 {source_id}",
        "homepage": f"https://www.{source_id}.example",
        "licence": "none stated",
        "terms_url": f"https://www.{source_id}.example/rules",
        "cadence": "0 2 * * *",
        "max_age_nights": 3,
        "status": "complete",
        "message": None,
        "good_run_date": DAY,
        "age_nights": 0,
        "declared_total": 3,
        "fetched": 3,
        "duplicates": 0,
        "records": 3,
        "selected": True,
        **values,
    }


def state(**tables: Rows) -> dict[str, Rows]:
    """All tables of a night, small; keyword `project=…` replaces the rows of one of them."""
    rows: dict[str, Rows] = {
        "project": [project(n) for n in (1, 2, 3)],
        "project_history": [
            {"exchange": "SSE", "project_id": f"P{n}", "valid_from": DAY, "status": "accepted", "as_of": DAY}
            for n in (1, 2, 3)
        ],
        "organization": [{"organization_id": f"org-{n}", "legal_name": f"某某{n}", "as_of": DAY} for n in (1, 2, 3)],
        "row_balance": [{"source_id": "sse", "resource": "ipo_project", "fetched": 3, "records": 3, "staged": 3}],
        "source_status": [source()],
        "status_map": [{"exchange": "SSE", "raw_status": "1", "status": "accepted"}],
        **tables,
    }
    return {name: rows[name.split(".")[1]] for name in SCHEMA}


def write_warehouse(path: Path, tables: Mapping[str, Rows], schemas: Schema = SCHEMA) -> Path:
    """The build file with these rows, in this order."""
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.begin()
        for name, rows in tables.items():
            schema, table = name.split(".")
            columns = schemas[name][0]
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            connection.execute(f"CREATE TABLE {schema}.{table} ({declared})")
            if rows:
                marks = ", ".join("?" for _ in columns)
                values = [[row.get(column) for column in columns] for row in rows]
                connection.executemany(f"INSERT INTO {schema}.{table} VALUES ({marks})", values)
        connection.commit()
    return path


def verdict(run_date: date, *findings: Mapping[str, Any], passed: bool = True) -> dict[str, Any]:
    """The content of `gate.json`."""
    return {"passed": passed, "run_date": run_date.isoformat(), "findings": list(findings)}


def finding(finding_id: str = "7.1", **values: Any) -> dict[str, Any]:
    """One finding of the gate, as expected unless told otherwise."""
    return {
        "id": finding_id,
        "table": "listing_pipeline.project",
        "severity": "critical",
        "title": "key is unique",
        "success": True,
        "accepted": False,
        "expected": "no double key",
        "observed": "none",
        "compared_with": None,
        "unexpected_count": 0,
        "sample": [],
        **values,
    }


def write_here(directories: Sequence[Path], *_: object) -> None:
    """What `database.write_apart` does, without the time that a process takes to start."""
    with connect(directories[0]) as connection:
        for directory in directories:
            database.write(connection, catalogue.of_release(directory), directory)


# First nights that were played, by all that makes them what they are: the folder to begin another world with.
_FIRST_NIGHTS: dict[tuple[object, ...], Path] = {}
_KEPT = TemporaryDirectory()


def copy(folder: Path, target: Path) -> None:
    """A copy in which one file under several names stays one."""
    subprocess.run(["cp", "-a", folder, target], check=True)


@dataclass
class World:
    """A data directory and the steps of a night in it."""

    path: Path
    names: tuple[str, ...] = tuple(SCHEMA)
    clock: datetime = NOW
    note: str | None = None
    edit: Callable[[duckdb.DuckDBPyConnection], object] | None = None
    schema: Schema = field(default_factory=lambda: SCHEMA)
    classes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    row_visibility: Mapping[str, str] = field(default_factory=dict)

    @property
    def releases(self) -> Path:
        return self.path / "releases"

    def candidate(self, run_date: date) -> Path:
        return self.path / "candidates" / run_date.isoformat()

    def build(
        self,
        tables: Mapping[str, Rows] | None = None,
        run_date: date = DAY,
        code: str = "c0de",
        **options: Any,
    ) -> Candidate:
        """Write the candidate of a night, compared with the release it should be compared with."""
        self.path.mkdir(exist_ok=True)
        self.clock += timedelta(minutes=1)
        warehouse = write_warehouse(self.path / "warehouse.duckdb", tables or state(), self.schema)
        if self.edit:
            with duckdb.connect(str(warehouse)) as connection:
                self.edit(connection)
        manifest = self._manifest(self.path / "manifest.json")
        return candidate.write(
            warehouse,
            catalogue.load(manifest),
            self.candidate(run_date),
            run_date=run_date,
            inputs=[
                {
                    "source": "sse",
                    "resource": "ipo_project",
                    "run_date": run_date.isoformat(),
                    "content_hash": "f" * 64,
                }
            ],
            code_version=code,
            created=self.clock,
            previous=base_of(self.releases, run_date),
            **options,
        )

    def _manifest(self, path: Path) -> Path:
        return write_manifest(path, self.names, self.note, self.schema, self.classes, self.row_visibility)

    def judge(self, run_date: date = DAY, *findings: Mapping[str, Any], passed: bool = True) -> None:
        """Put the gate's verdict into the candidate."""
        gate = verdict(run_date, *findings, passed=passed)
        (self.candidate(run_date) / "gate.json").write_text(json.dumps(gate, ensure_ascii=False))

    def publish(self, run_date: date = DAY) -> Release:
        """Publish the candidate of a night."""
        self.clock += timedelta(minutes=1)
        return publish(self.candidate(run_date), self.releases, now=self.clock)

    def night(self, tables: Mapping[str, Rows] | None = None, run_date: date = DAY, code: str = "c0de") -> Release:
        """Build, pass the gate, publish. Where another world began with the very same night, that is copied."""
        if self.path.exists() or self.edit:
            return self._play(tables, run_date, code)
        manifest = self._manifest(Path(_KEPT.name) / "manifest.json").read_text()
        night = (manifest, repr(tables or state()), run_date, code, self.clock, database.write_apart)
        if night not in _FIRST_NIGHTS:
            release = self._play(tables, run_date, code)
            _FIRST_NIGHTS[night] = Path(_KEPT.name) / str(len(_FIRST_NIGHTS))
            copy(self.path, _FIRST_NIGHTS[night])
            return release
        copy(_FIRST_NIGHTS[night], self.path)
        self.clock += timedelta(minutes=2)
        begun = current(self.releases)
        assert begun
        return begun

    def _play(self, tables: Mapping[str, Rows] | None, run_date: date, code: str) -> Release:
        self.build(tables, run_date, code)
        self.judge(run_date, finding())
        return self.publish(run_date)

    def rows(self, release: Path, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """The rows of a release's Parquet file."""
        with duckdb.connect() as connection:
            path = release / f"{table.replace('.', '/')}.parquet"
            return connection.execute(f"SELECT {columns} FROM '{path}'").fetchall()

    def columns(self, file: Path) -> list[str]:
        """Names of the columns of a Parquet file."""
        with duckdb.connect() as connection:
            return [name for name, *_ in connection.execute(f"DESCRIBE FROM '{file}'").fetchall()]

    def query(self, release: Path, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the release's DuckDB file."""
        with duckdb.connect(str(release / "fsdb.duckdb"), read_only=True) as database:
            return database.execute(sql).fetchall()

    def database(self, release: Path) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of the release's DuckDB file, by table."""
        tables = self.query(release, "SELECT schema_name || '.' || table_name FROM duckdb_tables() ORDER BY ALL")
        return {name: self.query(release, f"FROM {name}") for (name,) in tables}

    def delta(self, release: Path, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """The rows of a release's delta file."""
        return self.rows(release / "delta", table, columns)
