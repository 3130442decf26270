"""How Great Expectations reads a DuckDB file: the SQLAlchemy dialect `duckdb+gx`.

duckdb-engine leaves the rows with DuckDB's cursor, and Great Expectations reads them after it closed the
connection: every expectation then fails with `list index out of range`. Here the rows are kept by SQLAlchemy.
The dialect calls itself postgresql because Great Expectations offers its regex expectations to dialects it
knows, and DuckDB speaks that grammar. Its `~` asks for the whole value up to DuckDB 1.5 and for any part of it since
2.0: write patterns that mean the same to both.
"""

import atexit
from pathlib import Path
from typing import Any

import duckdb_engine
from sqlalchemy import text
from sqlalchemy.dialects import registry
from sqlalchemy.engine import URL
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy
from sqlalchemy.types import UserDefinedType


class _FetchingContext(duckdb_engine.Dialect.execution_ctx_cls):  # type: ignore[misc]
    def post_exec(self) -> None:
        super().post_exec()
        if self.cursor is not None and self.cursor.description:
            # types by name: kept objects of DuckDB's binding are reported as leaks when the interpreter ends
            columns = [(name, str(kind), *rest) for name, kind, *rest in self.cursor.description]
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
                self.cursor, columns, initial_buffer=self.cursor.fetchall()
            )


class DuckDBType(UserDefinedType):  # type: ignore[misc]
    """A column type under the name DuckDB has for it."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        """The name, as SQLAlchemy writes it."""
        return self.name


class BufferedDuckDB(duckdb_engine.Dialect):  # type: ignore[misc]
    """duckdb-engine with fetched answers and the connect argument `attach`: {alias: file}, read-only."""

    name = "postgresql"
    driver = "gx"
    supports_statement_cache = False
    execution_ctx_cls = _FetchingContext

    def connect(self, *args: Any, attach: dict[str, str] | None = None, **kwargs: Any) -> Any:
        """Open the database and attach the others beside it. Raises `duckdb.Error` for an unreadable file."""
        connection = super().connect(*args, **kwargs)
        for alias, path in (attach or {}).items():
            quoted = path.replace("'", "''")
            connection.execute(f"attach if not exists '{quoted}' as {alias} (read_only)")
        return connection

    def do_begin(self, *_: Any) -> None:
        """Nothing: files are only read, and beginning a transaction takes as long as a small question."""

    def do_rollback(self, *_: Any) -> None:
        """Nothing, for nothing was begun."""

    def get_columns(self, connection: Any, table_name: str, schema: Any = None, **_: Any) -> list[Any]:
        """A table's columns, asked from DuckDB itself: its catalogue of PostgreSQL takes 50 ms a table."""
        name = ".".join('"' + part.replace('"', '""') + '"' for part in (schema or "main", table_name))
        columns = connection.execute(
            text('select name, type, not "notnull" from pragma_table_info(:name) order by cid'), {"name": name}
        )
        return [
            {"name": name, "type": DuckDBType(kind), "nullable": nullable, "default": None}
            for name, kind, nullable in columns
        ]

    def get_pk_constraint(self, *_: Any, **__: Any) -> dict[str, Any]:
        """None: the files of a release carry no constraints."""
        return {"constrained_columns": [], "name": None}


def read_only(database: Path) -> str:
    """The SQLAlchemy address under which the file opens read-only through this dialect."""
    url = URL.create("duckdb+gx", database=str(database.resolve()), query={"access_mode": "READ_ONLY"})
    return str(url)


registry.register("duckdb.gx", __name__, "BufferedDuckDB")
# Great Expectations keeps dialects alive past the end of the interpreter; DuckDB's binding would then print a
# page about leaked objects after every run.
atexit.register(vars(duckdb_engine).clear)
