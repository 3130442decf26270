"""The one DuckDB file of a release: every table with its comments, readable by all DuckDB from 1.4 on.

As a program (`python -m publication.database THREADS MEMORY_LIMIT DIRECTORY…`) it writes the files of editions. DuckDB
fills gaps in its blocks with whatever its process had in memory, so that such a file must be written by a process that
has never seen more than the edition.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from publication import catalogue, files
from publication.catalogue import Table
from publication.errors import PublicationError
from publication.sql import columns, connect, dictionaries, literal, parquet, quoted

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
) -> None:
    """Write `fsdb.duckdb` beside the Parquet files of a release and from them, so that both say the same.

    With the file of an older release as `base`, the tables named in `kept` are taken over from a copy of it,
    and only the others are written.
    """
    path = directory / DATABASE
    if base:
        files.copy(base, path)
    connection.execute(f"ATTACH {literal(path)} AS {RELEASE} (STORAGE_VERSION {literal(STORAGE_VERSION)})")
    if base:
        _drop_all_but(connection, kept)
    connection.begin()  # one commit, one flush
    for schema in sorted({table.schema for table in tables}):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {RELEASE}.{quoted(schema)}")
    for table in tables:
        if table.full_name in kept:
            continue
        name = _name(table)
        connection.execute(f"CREATE TABLE {name} AS FROM {parquet(directory / table.path)}")
        connection.execute(f"COMMENT ON TABLE {name} IS {literal(table.description)}")
        for column in table.columns:
            comment = f"{column.description} ({column.unit})" if column.unit else column.description
            connection.execute(f"COMMENT ON COLUMN {name}.{quoted(column.name)} IS {literal(comment)}")
    connection.commit()
    connection.execute(f"DETACH {RELEASE}")


def write_apart(directories: Sequence[Path], threads: int | None, memory_limit: str | None) -> None:
    """Write `fsdb.duckdb` from the Parquet files and the `datapackage.json` of each directory, in another process.

    One process writes them one after the other: each may hold all that the ones before it hold. Raises
    `PublicationError` when the disk gives up.
    """
    # Of the environment, only what starting Python takes: settings may hold secrets.
    needed = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    paths = [str(directory.absolute()) for directory in directories]
    with subprocess.Popen(
        [sys.executable, "-m", "publication.database", str(threads or ""), memory_limit or "", *paths],
        cwd=Path(__file__).parents[1],
        env=needed,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as child:
        assert child.stdout
        said = child.stdout.read().strip()
        if child.wait() != 0:
            reason = said.splitlines()[-1] if said else "the process that writes it was killed"
            raise PublicationError(
                f"{DATABASE} of an edition could not be written: {reason}\n"
                "  nothing was published, the current release stays as it is; next: make room and run the night again"
            )


def _main(threads: str, memory_limit: str, *directories: str) -> None:
    def end_with_the_parent() -> None:
        os.read(0, 1)  # the pipe closes when the parent is gone
        os._exit(1)

    threading.Thread(target=end_with_the_parent, daemon=True).start()
    spill = Path(directories[-1]) / ".spill"  # it may hold all that the ones before it hold, not the other way round
    with connect(spill, int(threads) if threads else None, memory_limit or None) as connection:
        for path in map(Path, directories):
            write(connection, catalogue.of_release(path), path)
    shutil.rmtree(spill, ignore_errors=True)


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


def said(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table], directory: Path) -> Said:
    """Read from the Parquet files of a release what its tables say about their making."""
    contributors = {}
    for table in tables:
        if "src_family" in table.facts:
            families = connection.execute(
                f"SELECT DISTINCT src_family FROM {parquet(directory / table.path)}"
            ).fetchall()
            contributors[table.full_name] = {str(family) for (family,) in families if family is not None}
    known = {table.full_name: table for table in tables}
    return Said(
        sources=_rows(connection, known.get("quality.source_status"), directory),
        ledger=_rows(connection, known.get("quality.row_balance"), directory),
        contributors=contributors,
    )


def _rows(connection: duckdb.DuckDBPyConnection, table: Table | None, directory: Path) -> list[dict[str, Any]]:
    """Return all rows of a small table in values that JSON has, ordered by its key."""
    if table is None:
        return []
    query = f"FROM {parquet(directory / table.path)} ORDER BY {columns(table.primary_key)}"
    rows: list[dict[str, Any]] = json.loads(files.json_bytes(dictionaries(connection, query)))
    return rows


if __name__ == "__main__":
    try:
        _main(*sys.argv[1:])
    except (OSError, duckdb.Error) as failure:
        print(failure, flush=True)
        os._exit(1)
    os._exit(0)  # nothing is left to do, and taking an interpreter down takes as long as a small edition
