"""The one DuckDB file of a release: every table with its comments, readable by all DuckDB from 1.4 on."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from publication import files
from publication.catalogue import Table
from publication.sql import columns, dictionaries, literal, parquet, quoted

DATABASE = "fsdb.duckdb"
# The oldest format that every reader in use understands; the default of DuckDB 2 is read by DuckDB 2 only.
STORAGE_VERSION = "v1.4.0"
RELEASE = quoted("release")  # the name the file is attached under


@dataclass(frozen=True, slots=True)
class Said:
    """What the tables say about their making: sources, ledger, the source ids behind each table's rows."""

    sources: list[dict[str, Any]]
    ledger: list[dict[str, Any]]
    contributors: dict[str, set[str]]


def write(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[Table],
    directory: Path,
    base: Path | None = None,
    kept: frozenset[str] = frozenset(),
) -> Said:
    """Write `fsdb.duckdb` beside the Parquet files of a release and from them, so that both say the same.

    With the file of an older release as `base`, the tables named in `kept` are taken over from a copy of it,
    and only the others are written.
    """
    path = directory / DATABASE
    if base:
        files.copy(base, path)
    connection.execute(f"ATTACH {literal(path)} AS {RELEASE} (STORAGE_VERSION {literal(STORAGE_VERSION)})")
    _drop_all_but(connection, kept)
    connection.begin()  # one commit, one flush
    for schema in sorted({table.schema for table in tables}):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {RELEASE}.{quoted(schema)}")
    for table in tables:
        name = _name(table)
        if table.full_name not in kept:
            connection.execute(f"CREATE TABLE {name} AS FROM {parquet(directory / table.path)}")
        connection.execute(f"COMMENT ON TABLE {name} IS {literal(table.description)}")
        for column in table.columns:
            comment = f"{column.description} ({column.unit})" if column.unit else column.description
            connection.execute(f"COMMENT ON COLUMN {name}.{quoted(column.name)} IS {literal(comment)}")
    connection.commit()
    said = _said(connection, tables)
    connection.execute(f"DETACH {RELEASE}")
    return said


def _name(table: Table) -> str:
    return f"{RELEASE}.{quoted(table.schema, table.name)}"


def _drop_all_but(connection: duckdb.DuckDBPyConnection, kept: frozenset[str]) -> None:
    """Empty the attached file of all tables but those; the room they leave is used again."""
    there = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'release'"
    ).fetchall()
    for schema, table in there:
        if f"{schema}.{table}" not in kept:
            connection.execute(f"DROP TABLE {RELEASE}.{quoted(schema, table)}")
    for schema in {schema for schema, _ in there} - {name.split(".")[0] for name in kept}:
        connection.execute(f"DROP SCHEMA {RELEASE}.{quoted(schema)}")
    connection.execute(f"CHECKPOINT {RELEASE}")


def _said(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> Said:
    contributors = {}
    for table in tables:
        if "src_family" in table.facts:
            families = connection.execute(f"SELECT DISTINCT src_family FROM {_name(table)}").fetchall()
            contributors[table.full_name] = {str(family) for (family,) in families if family is not None}
    known = {table.full_name: table for table in tables}
    return Said(
        sources=_rows(connection, known.get("quality.source_status")),
        ledger=_rows(connection, known.get("quality.row_balance")),
        contributors=contributors,
    )


def _rows(connection: duckdb.DuckDBPyConnection, table: Table | None) -> list[dict[str, Any]]:
    """Return all rows of a small table in values that JSON has, ordered by its key."""
    if table is None:
        return []
    query = f"FROM {_name(table)} ORDER BY {columns(table.primary_key)}"
    rows: list[dict[str, Any]] = json.loads(files.json_bytes(dictionaries(connection, query)))
    return rows
