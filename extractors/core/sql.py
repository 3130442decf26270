"""What SQL needs in more than one place: quoted names and texts, and a Parquet file written from a query."""

from pathlib import Path

import duckdb


def quoted(name: str) -> str:
    """A column name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def write_parquet(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """Write the rows of a query to a Parquet file, in their order; raise `OSError` when the disk is full or broken."""
    try:
        con.execute(f"copy ({query}) to {literal(str(path))} (format parquet, compression zstd, compression_level 1)")
    except duckdb.IOException as error:
        raise OSError(str(error)) from error
