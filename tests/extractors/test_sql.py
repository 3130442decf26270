"""Sessions on an engine that the process keeps."""

import duckdb
import pytest

from extractors.core.sql import scratch, session


@pytest.mark.parametrize("opened", [session, scratch])
def test_a_session_sees_nothing_of_another(opened) -> None:
    """What one lays out for itself is gone with it."""
    with opened() as con:
        con.execute("create temp table t as select 1")
        con.register("rows", duckdb.sql("select 2 as n").to_arrow_table())
    with opened() as con:
        for name in ("t", "rows"):
            with pytest.raises(duckdb.CatalogException):
                con.execute(f"from {name}")


def ask(sql: str, error: Exception | None = None) -> None:
    """One statement in a session, and an error after it."""
    with session() as con:
        con.execute(sql)
        if error:
            raise error


@pytest.mark.parametrize("error", [duckdb.FatalException, duckdb.InternalException])
def test_an_engine_that_broke_is_not_asked_again(error: type[Exception]) -> None:
    """DuckDB answers nothing more after an error it did not expect: the next source has an engine that works."""
    with pytest.raises(error):
        ask("attach ':memory:' as of_this_engine", error("broken"))
    ask("attach ':memory:' as of_this_engine")  # not there yet
    with pytest.raises(ValueError, match="of ours"):
        ask("select 1", ValueError("of ours"))
    ask("detach of_this_engine")  # still the same engine
