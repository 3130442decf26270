"""The dialect through which Great Expectations reads DuckDB."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import great_expectations as gx
import pytest
import sqlalchemy as sa

from expectations.duckdb_dialect import read_only


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "it's a release" / "fsdb.duckdb"
    path.parent.mkdir()
    with duckdb.connect(path) as connection:
        connection.execute("create schema s; create table s.t (id integer, name varchar, seen_on date)")
        connection.execute("insert into s.t values (1, '甲公司', date '2026-07-15'), (2, '乙', null)")
    return path


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    path = tmp_path / "it's earlier" / "fsdb.duckdb"
    path.parent.mkdir()
    with duckdb.connect(path) as connection:
        connection.execute(
            "create schema s; create table s.t (id integer, gone varchar); insert into s.t values (3, '')"
        )
    return path


@pytest.fixture
def engine(database: Path, earlier: Path) -> Iterator[sa.Engine]:
    engine = sa.create_engine(read_only(database), connect_args={"attach": {"previous": str(earlier)}})
    yield engine
    engine.dispose()


def test_rows_can_be_read_after_the_connection_is_closed(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        result = connection.execute(sa.text("select id, name, seen_on from s.t order by id"))
    assert [row._asdict() for row in result] == [
        {"id": 1, "name": "甲公司", "seen_on": date(2026, 7, 15)},
        {"id": 2, "name": "乙", "seen_on": None},
    ]


def test_the_file_cannot_be_written(engine: sa.Engine) -> None:
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="read-only"):
        connection.execute(sa.text("delete from s.t"))


def test_columns_are_those_of_the_file_not_of_the_attached_one(engine: sa.Engine) -> None:
    columns = sa.inspect(engine).get_columns("t", schema="s")
    assert [(column["name"], str(column["type"])) for column in columns] == [
        ("id", "INTEGER"),
        ("name", "VARCHAR"),
        ("seen_on", "DATE"),
    ]


def test_the_attached_file_is_read_by_its_alias(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        assert connection.execute(sa.text("select id from previous.s.t")).scalars().all() == [3]


@pytest.mark.filterwarnings("ignore:`schema_name` is deprecated:DeprecationWarning")
def test_great_expectations_answers_with_rows(database: Path) -> None:
    """Its regex expectation needs a dialect it knows, its sample rows need the buffer."""
    source = gx.get_context(mode="ephemeral").data_sources.add_sql("it", connection_string=read_only(database))
    asset = source.add_table_asset("t", table_name="t", schema_name="s")
    answer = (
        asset.add_batch_definition_whole_table("all")
        .get_batch()
        .validate(
            gx.expectations.ExpectColumnValuesToMatchRegex(column="name", regex=".*公司$"),
            result_format={"result_format": "SUMMARY", "unexpected_index_column_names": ["id"]},
        )
    )
    assert not answer.success
    assert answer.result["partial_unexpected_index_list"] == [{"id": 2, "name": "乙"}]
    source.get_engine().dispose()
    source.get_execution_engine().close()
