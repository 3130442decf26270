"""What SQL needs in more than one place: quoted names and texts, and a Parquet file written from a query."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
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


@contextmanager
def session() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of one's own to an engine that the process keeps: starting one takes longer than a small query.

    Sessions share its memory and threads.
    """
    yield from _connected("")


@contextmanager
def scratch() -> Iterator[duckdb.DuckDBPyConnection]:
    """A session for small tables with many lists of words.

    A join for each list would be planned otherwise; that is most of the time a small file takes.
    """
    yield from _connected("set threads = 2; set preserve_insertion_order = true; set disabled_optimizers = 'in_clause'")


def _connected(settings: str) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = _engine(settings).cursor()
    try:
        yield connection
    except (duckdb.FatalException, duckdb.InternalException):
        _engine.cache_clear()  # it answers nobody any more
        raise
    finally:
        connection.close()


@cache
def _engine(settings: str) -> duckdb.DuckDBPyConnection:
    engine = duckdb.connect()
    if settings:
        engine.execute(settings)
    return engine
