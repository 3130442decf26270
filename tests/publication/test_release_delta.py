"""Release + delta = next release; every changed row says why."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from publication_world import DAY, PROJECT, SCHEMA, World, project, state

from publication.catalogue import Table, load
from publication.delta import Counts

pytestmark = pytest.mark.usefixtures("written_here")
NEXT_DAY = DAY + timedelta(1)
PROJECT_TABLE = "listing_pipeline.project"
TWO_TABLES = (PROJECT_TABLE, "listing_pipeline.project_history")


def apply_delta(before: Path, after: Path, table: Table) -> list[tuple[Any, ...]]:
    """What a consumer does who holds the release `before` and fetches the delta of `after`."""
    keys = ", ".join(table.primary_key)
    facts = ", ".join(table.facts)
    delta = after / table.delta_path
    with duckdb.connect() as connection:
        return connection.execute(
            f"""
            FROM (
                SELECT {facts} FROM '{before / table.path}' AS o ANTI JOIN '{delta}' AS d USING ({keys})
                UNION ALL
                SELECT {facts} FROM '{delta}' WHERE _change <> 'removed'
            ) ORDER BY {keys}
            """
        ).fetchall()


def assert_delta_leads_on(world: World, before: Path, after: Path) -> None:
    assert world.database(after) == {name: world.rows(after, name) for name in world.names}
    for table in load(world.path / "manifest.json"):
        expected = world.rows(after, table.full_name, ", ".join(table.facts))
        assert apply_delta(before, after, table) == expected


TEXT = st.none() | st.sampled_from(["", "a", "某某", "'", '"', "\x1e", "\x1f", "NULL"])
PROJECT_ROWS = st.dictionaries(
    st.tuples(st.sampled_from(["SSE", "SZSE"]), st.integers(1, 6)),
    st.fixed_dictionaries(
        {
            "organization_id": TEXT,
            "company_name": TEXT,
            "status": TEXT,
            "plan_raise_cny": st.none() | st.decimals(0, 10**6, places=2),
            "accepted_on": st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
            "as_of": st.sampled_from([DAY - timedelta(1), DAY, NEXT_DAY]),
            "file_sha256": TEXT,
        }
    ),
    max_size=8,
)
HISTORY_ROWS = st.dictionaries(
    st.tuples(st.sampled_from(["P1", "P2"]), st.dates(DAY, DAY + timedelta(3))),
    st.fixed_dictionaries({"valid_to": st.none() | st.just(NEXT_DAY), "status": TEXT, "as_of": st.just(DAY)}),
    max_size=6,
)


def tables_of(projects: Mapping[Any, Any], history: Mapping[Any, Any]) -> dict[str, Any]:
    return state(
        project=[project(n, exchange=exchange, **values) for (exchange, n), values in projects.items()],
        project_history=[
            {"exchange": "SSE", "project_id": key, "valid_from": day, **values}
            for (key, day), values in history.items()
        ],
    )


# Two whole nights an example: no shrinking, which would take minutes.
@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(PROJECT_ROWS, HISTORY_ROWS, PROJECT_ROWS, HISTORY_ROWS, st.booleans())
def test_release_plus_delta_is_the_next_release(
    tmp_path_factory: pytest.TempPathFactory,
    projects: dict[Any, Any],
    history: dict[Any, Any],
    later_projects: dict[Any, Any],
    later_history: dict[Any, Any],
    same_night: bool,
) -> None:
    world = World(tmp_path_factory.mktemp("world") / "data", TWO_TABLES)
    first = world.night(tables_of(projects, history))
    second = world.build(tables_of(later_projects, later_history), DAY if same_night else NEXT_DAY)
    assert_delta_leads_on(world, first.path, second.path)
    facts = set(PROJECT) - {"file_sha256", "fetched_at"}
    before, after = (
        {
            (row["exchange"], row["project_id"]): {name: row.get(name) for name in facts}
            for row in tables_of(rows, {})[PROJECT_TABLE]
        }
        for rows in (projects, later_projects)
    )
    assert second.changes[PROJECT_TABLE] == Counts(
        added=len(after.keys() - before.keys()),
        removed=len(before.keys() - after.keys()),
        changed=sum(before[key] != after[key] for key in before.keys() & after.keys()),
    )


def changed(
    world: World,
    rows: Sequence[Mapping[str, Any]],
    run_date: date = NEXT_DAY,
    code: str = "c0de",
    **tables: Any,
) -> Path:
    """The candidate after the three projects of the first night became `rows`."""
    world.night(state(**tables.pop("before", {})))
    return world.build(state(project=rows, **tables), run_date, code).path


def project_causes(world: World, candidate: Path) -> list[tuple[str, str, str]]:
    return world.delta(candidate, PROJECT_TABLE, "project_id, _change, _cause")


def test_rows_say_what_they_were(world: World) -> None:
    rows = [
        project(1, status='inquired "1"', plan_raise_cny=None, as_of=NEXT_DAY),
        project(3),
        project(4, as_of=NEXT_DAY),
    ]
    candidate = changed(world, rows)
    delta = world.delta(candidate, PROJECT_TABLE, "project_id, _change, status, plan_raise_cny, _previous")
    assert [(key, change, status) for key, change, status, _, _ in delta] == [
        ("P1", "changed", 'inquired "1"'),
        ("P2", "removed", "accepted"),
        ("P4", "added", "accepted"),
    ]
    assert json.loads(delta[0][4]) == {
        "status": "accepted",
        "plan_raise_cny": 123456789.10,
        "as_of": "2026-07-14",
    }
    assert [previous for *_, previous in delta[1:]] == [None, None]


def test_a_fetch_that_brought_the_same_changes_nothing(world: World) -> None:
    candidate = changed(world, [project(n, file_sha256="cd" * 32) for n in (1, 2, 3)])
    assert world.delta(candidate, PROJECT_TABLE) == []
    columns = world.columns(candidate / "delta/listing_pipeline/project.parquet")
    assert columns == [*PROJECT, "_change", "_cause", "_previous"]


@pytest.mark.parametrize(
    ("row", "run_date", "code", "expected"),
    [
        pytest.param(project(1, status="x", as_of=NEXT_DAY), NEXT_DAY, "c0de", "source", id="a newer record"),
        pytest.param(project(1, status="x", as_of=NEXT_DAY), NEXT_DAY, "new", "source", id="newer record, other code"),
        pytest.param(project(1, status="x"), NEXT_DAY, "new", "code", id="old record, other code"),
        pytest.param(project(1, status="x"), NEXT_DAY, "c0de", "correction", id="old record, same code"),
        pytest.param(project(1, organization_id="org-9"), NEXT_DAY, "c0de", "identity", id="only the organization"),
        pytest.param(project(1, organization_id="org-9", row_hash="i"), NEXT_DAY, "new", "identity", id="and its hash"),
        pytest.param(
            project(1, organization_id="org-9", status="x"),
            NEXT_DAY,
            "c0de",
            "correction",
            id="organization and more",
        ),
        pytest.param(project(1, dq_status="warn"), NEXT_DAY, "c0de", "source", id="newest version withheld"),
        pytest.param(project(1, status="x"), DAY, "c0de", "source", id="later attempt of the night"),
        pytest.param(project(1, status="x", as_of=DAY - timedelta(9)), DAY, "c0de", "correction", id="old, same night"),
    ],
)
def test_the_cause_of_a_changed_row(world: World, row: Any, run_date: date, code: str, expected: str) -> None:
    candidate = changed(world, [row, project(2), project(3)], run_date, code)
    assert project_causes(world, candidate) == [("P1", "changed", expected)]
    release = json.loads((candidate / "release.json").read_bytes())
    assert release["tables"][PROJECT_TABLE]["delta"]["causes"] == {expected: 1}


@pytest.mark.parametrize(
    ("run_date", "code", "expected"),
    [(NEXT_DAY, "c0de", "source"), (NEXT_DAY, "new", "code"), (DAY, "c0de", "correction")],
)
def test_the_cause_of_a_removed_row(world: World, run_date: date, code: str, expected: str) -> None:
    candidate = changed(world, [project(1), project(2)], run_date, code)
    assert project_causes(world, candidate) == [("P3", "removed", expected)]


def test_closing_a_version_is_the_sources_doing(world: World) -> None:
    """The row of the old version is as old as ever; it ends because a newer record came."""
    history = state()["listing_pipeline.project_history"]
    closed = [{**history[0], "valid_to": NEXT_DAY}, *history[1:]]
    candidate = changed(world, [project(n) for n in (1, 2, 3)], project_history=closed)
    delta = world.delta(candidate, "listing_pipeline.project_history", "_change, _cause, _previous")
    assert delta == [("changed", "source", '{"valid_to":null}')]


def test_organizations_come_and_go_by_identity(world: World) -> None:
    merged = [
        {"organization_id": "org-1", "legal_name": "某某1", "as_of": DAY},
        {"organization_id": "org-3", "legal_name": "某某3", "as_of": DAY},
        {"organization_id": "org-4", "legal_name": "某某2", "as_of": DAY},
        {"organization_id": "org-5", "legal_name": "某某5", "as_of": NEXT_DAY},
    ]
    candidate = changed(world, [project(n) for n in (1, 2, 3)], organization=merged)
    delta = world.delta(candidate, "organizations.organization", "organization_id, _change, _cause")
    assert delta == [
        ("org-2", "removed", "identity"),
        ("org-4", "added", "identity"),
        ("org-5", "added", "source"),
    ]


@pytest.mark.parametrize(("code", "expected"), [("c0de", "source"), ("new", "code")])
def test_rows_without_a_record_follow_the_night_or_the_code(world: World, code: str, expected: str) -> None:
    candidate = changed(
        world,
        [project(n) for n in (1, 2, 3)],
        code=code,
        status_map=[{"exchange": "SSE", "raw_status": "1", "status": "x"}],
    )
    assert world.delta(candidate, "reference.status_map", "_change, _cause") == [("changed", expected)]


# -- when the shape of a table changes -----------------------------------------------------------------------


MAP, MAP_KEY = SCHEMA["reference.status_map"]


def reshaped(world: World, statement: str, columns: dict[str, str] = MAP, key: Sequence[str] = MAP_KEY) -> Path:
    """The candidate of a next night whose `reference.status_map` has another shape."""
    world.night(state(status_map=[{"exchange": "SSE", "raw_status": "1", "status": "5"}]))
    world.edit = lambda connection: connection.execute(statement)
    world.schema = {**SCHEMA, "reference.status_map": (columns, list(key))}
    return world.build(state(status_map=[]), NEXT_DAY, "new").path


def entry(candidate: Path) -> Any:
    return json.loads((candidate / "release.json").read_bytes())["tables"]["reference.status_map"]


def test_a_new_column_changes_the_rows_that_have_a_value_there(world: World) -> None:
    candidate = reshaped(
        world,
        "INSERT INTO reference.status_map VALUES ('SSE', '1', '5', 'new')",
        {**MAP, "note": "VARCHAR"},
    )
    delta = world.delta(candidate, "reference.status_map", "_change, _cause, _previous, note")
    assert delta == [("changed", "code", '{"note":null}', "new")]


def test_a_new_type_alone_changes_no_row_but_the_id(world: World) -> None:
    statement = "INSERT INTO reference.status_map VALUES ('SSE', '1', 5)"
    candidate = reshaped(world, statement, {**MAP, "status": "INTEGER"})
    assert world.delta(candidate, "reference.status_map") == []
    before = json.loads(next(world.releases.glob("2026-07-14-*/release.json")).read_bytes())["tables"]
    assert entry(candidate)["content_sha256"] != before["reference.status_map"]["content_sha256"]
    assert world.rows(candidate, "reference.status_map") == [("SSE", "1", 5)]


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        pytest.param(MAP, ["raw_status"], id="other columns"),
        pytest.param({**MAP, "raw_status": "INTEGER"}, MAP_KEY, id="other type"),
    ],
)
def test_another_key_makes_the_delta_start_from_nothing(world: World, columns: dict[str, str], key: list[str]) -> None:
    candidate = reshaped(world, "INSERT INTO reference.status_map VALUES ('SSE', '1', '5')", columns, key)
    assert world.delta(candidate, "reference.status_map", "_change") == [("added",)]
    assert entry(candidate)["delta"]["rebuilt"] is True


def test_what_counts_as_a_fact_may_change(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The base's fingerprint is of other facts then, and must not be carried over."""
    world.night()
    monkeypatch.setattr("publication_world.PROVENANCE", {"file_sha256", "fetched_at", "row_hash"})
    carried = world.build(run_date=NEXT_DAY)
    assert carried.release_id == World(tmp_path / "alone").build(run_date=NEXT_DAY).release_id


def test_a_fingerprint_of_another_encoding_is_not_carried_over(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world.night()
    monkeypatch.setattr("publication.content.ENCODING", "2")
    carried = world.build(run_date=NEXT_DAY)
    assert carried.release_id == World(tmp_path / "alone").build(run_date=NEXT_DAY).release_id


def test_a_new_table_is_added_and_a_dropped_one_is_named(world: World) -> None:
    world.names = tuple(name for name in SCHEMA if name != "reference.status_map")
    world.night()
    world.names = tuple(name for name in SCHEMA if name != "organizations.organization")
    candidate = world.build(run_date=NEXT_DAY, code="new").path
    assert world.delta(candidate, "reference.status_map", "_change") == [("added",)]
    assert entry(candidate)["delta"]["rebuilt"] is False
    release = json.loads((candidate / "release.json").read_bytes())
    assert release["tables_removed"] == ["organizations.organization"]
    assert not (candidate / "delta/organizations").exists()
