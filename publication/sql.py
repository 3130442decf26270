"""The one place where names and paths become SQL text. Data values never do."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb


def quoted(*parts: str) -> str:
    """Return a quoted, dotted identifier: `quoted("a", "b")` is `"a"."b"`."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def columns(names: Iterable[str]) -> str:
    """Return a quoted, comma-separated column list."""
    return ", ".join(quoted(name) for name in names)


def literal(value: str | Path | date) -> str:
    """Return a quoted SQL string for a path, a night or a description: texts of ours, never a source's."""
    return "'" + str(value).replace("'", "''") + "'"


def parquet(path: Path) -> str:
    """Return the table expression that reads one Parquet file."""
    return f"read_parquet({literal(path)})"


def connect(spill: Path, threads: int | None = None, memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    """Open an in-memory DuckDB that spills into `spill` and reads every instant as UTC.

    The session time zone decides how a timestamp becomes text, hence the content hash: it is fixed here.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": str(spill),
        "autoinstall_known_extensions": False,
    }
    if threads is not None:
        config["threads"] = threads
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def described(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Return column name -> DuckDB type of a table expression, in its order."""
    rows = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return {name: kind for name, kind, *_ in rows}


def dictionaries(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, object]]:
    """Return the rows of `query` as dictionaries."""
    result = connection.execute(query)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
