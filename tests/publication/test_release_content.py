"""The id says what a release says: neither in which order, nor how it was fetched."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from publication_world import DAY, World, project, state

from publication.content import Fingerprint, content_hash, fingerprint, release_id
from publication.sql import connect

pytestmark = pytest.mark.usefixtures("written_here")
KNOWN = "1:1:bcb6530bfd26c42d:6929c895be9af37e"
TYPES = {
    "name": "VARCHAR",
    "amount": "DECIMAL(20,2)",
    "ratio": "DOUBLE",
    "day": "DATE",
    "seen_at": "TIMESTAMPTZ",
    "n": "BIGINT",
}
# The separators of the row text must be harmless inside a value.
TEXT = st.none() | st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0") | st.sampled_from("\x1e\x1f01")
)
ROW = st.tuples(
    TEXT,
    st.none() | st.decimals(-(10**12), 10**12, places=2),
    st.none() | st.floats(allow_nan=False),
    st.none() | st.dates(date(1900, 1, 1), date(9999, 12, 31)),
    st.none() | st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    st.none() | st.integers(-(2**63), 2**63 - 1),
)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(tmp_path_factory.mktemp("spill")) as opened:
        yield opened


def of_rows(connection: duckdb.DuckDBPyConnection, rows: list[tuple[Any, ...]], types: dict[str, str]) -> Fingerprint:
    columns = ", ".join(f"{name} {kind}" for name, kind in types.items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE t ({columns})")
    if rows:
        connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' for _ in types)})", [list(row) for row in rows])
    return fingerprint(connection, "t", types)


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(connection: duckdb.DuckDBPyConnection, rows: list[Any], random: Any) -> None:
    shuffled = random.sample(rows, len(rows))
    assert of_rows(connection, rows, TYPES) == of_rows(connection, shuffled, TYPES)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3),
    st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3),
)
@example([("a", None)], [("a", "\x1e")])
@example([("a", "b")], [("a\x1fb", None)])
@example([(None, "")], [("", None)])
@example([("\x1e0", "")], [("\x1e", "")])
def test_two_contents_share_a_fingerprint_only_when_they_are_the_same(
    connection: duckdb.DuckDBPyConnection, one: list[Any], other: list[Any]
) -> None:
    types = {"a": "VARCHAR", "b": "VARCHAR"}
    same = sorted(map(repr, one)) == sorted(map(repr, other))
    assert (of_rows(connection, one, types) == of_rows(connection, other, types)) is same


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, max_size=5), st.lists(ROW, max_size=5))
def test_what_moved_can_be_taken_out_and_put_in(
    connection: duckdb.DuckDBPyConnection, kept: list[Any], moved: list[Any]
) -> None:
    whole = of_rows(connection, kept + moved, TYPES)
    assert whole - of_rows(connection, moved, TYPES) == of_rows(connection, kept, TYPES)
    assert Fingerprint.parse(str(whole)) == whole


def test_a_fingerprint_is_the_same_on_any_machine(connection: duckdb.DuckDBPyConnection) -> None:
    """A known value: it must not move with the version of DuckDB, or ids stop being comparable."""
    rows = [("某某科技", Decimal("1.50"), -0.0, date(2026, 7, 14), datetime(2026, 7, 14, tzinfo=UTC), None)]
    assert str(of_rows(connection, rows, TYPES)) == KNOWN
    connection.execute("SET threads = 1")
    assert str(of_rows(connection, rows, TYPES)) == KNOWN


def test_minus_zero_is_zero(connection: duckdb.DuckDBPyConnection) -> None:
    types = {"x": "DOUBLE"}
    assert of_rows(connection, [(-0.0,)], types) == of_rows(connection, [(0.0,)], types)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("VARCHAR[]", ["a", "b"], ["a, b"]),
        ("STRUCT(a VARCHAR, b VARCHAR)", {"a": "x", "b": None}, {"a": "x", "b": "NULL"}),
        ("BLOB", b"\x00\x1f", b"\x00\x1e"),
        ("BOOLEAN", True, False),
    ],
)
def test_every_type_has_a_text_of_its_own(
    connection: duckdb.DuckDBPyConnection, kind: str, one: object, other: object
) -> None:
    assert of_rows(connection, [(one,)], {"x": kind}) != of_rows(connection, [(other,)], {"x": kind})


def test_the_columns_are_part_of_what_a_table_says() -> None:
    content = Fingerprint(0, 0, 0)
    hashes = [
        content_hash("a.b", {"x": "VARCHAR"}, content),
        content_hash("a.c", {"x": "VARCHAR"}, content),
        content_hash("a.b", {"y": "VARCHAR"}, content),
        content_hash("a.b", {"x": "DATE"}, content),
    ]
    assert len(set(hashes)) == 4
    assert release_id(DAY, {"a.b": "1", "a.c": "2"}) == release_id(DAY, {"a.c": "2", "a.b": "1"})
    assert release_id(DAY, {"a.b": "1"}) != release_id(DAY + timedelta(1), {"a.b": "1"})


def test_the_same_night_has_the_same_id_whatever_the_order_and_the_fetch(world: World) -> None:
    first = world.build().release_id
    shuffled = [project(n, file_sha256="cd" * 32, fetched_at=datetime(2026, 7, 15, 9, tzinfo=UTC)) for n in (3, 1, 2)]
    assert world.build(state(project=shuffled), threads=1).release_id == first
    assert first.startswith("2026-07-14-")
    assert len(first) == len("2026-07-14-") + 12


@pytest.mark.parametrize(
    "values",
    [{"status": "registered"}, {"plan_raise_cny": "123456789.11"}, {"company_name": None}, {"as_of": None}],
)
def test_any_fact_that_changes_changes_the_id(world: World, values: dict[str, Any]) -> None:
    first = world.build().release_id
    assert world.build(state(project=[project(1, **values), project(2), project(3)])).release_id != first


def test_the_id_is_the_same_with_and_without_a_release_to_compare_with(world: World, tmp_path: Path) -> None:
    """Carrying the fingerprint over from the base is a short cut, not another hash."""
    world.night()
    later = state(project=[project(1, status="registered"), project(3), project(4)])
    carried = world.build(later, DAY + timedelta(1))
    alone = World(tmp_path / "alone").build(later, DAY + timedelta(1))
    assert carried.base is not None
    assert carried.release_id == alone.release_id
