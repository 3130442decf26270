"""Whatever the classes of a table and its rows: an edition is the projection of the full release, night after night."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from publication_world import DAY, World

from publication import catalogue
from publication.catalogue import CLASSIFICATIONS, Table
from publication.editions import path_of

NEXT_DAY = DAY + timedelta(1)
COLUMNS = ("id", "a", "b", "who", "src_family", "as_of", "file_sha256", "row_hash")
TYPES = dict.fromkeys(COLUMNS, "VARCHAR") | {"as_of": "DATE"}
KINDS = st.fixed_dictionaries(dict.fromkeys(("id", "a", "b", "who"), st.sampled_from(CLASSIFICATIONS)))
VALUES = {
    "a": st.none() | st.sampled_from(["", "x", "y"]),
    "b": st.sampled_from(["x", "y"]),
    "who": st.none() | st.sampled_from([*CLASSIFICATIONS, "else"]),
    "as_of": st.sampled_from([DAY, NEXT_DAY]),
    "file_sha256": st.sampled_from(["1", "2"]),
}
STATES = st.dictionaries(st.sampled_from("123456"), st.fixed_dictionaries(VALUES), max_size=6)
Row = dict[str, Any]


def allowed(kind: str | None, edition: str) -> bool:
    return edition == "internal" or (
        kind in CLASSIFICATIONS and CLASSIFICATIONS.index(kind) <= CLASSIFICATIONS.index(edition)
    )


def expected(
    rows: dict[str, Row], kinds: dict[str, str], edition: str, by_row: bool, was: dict[str, Row]
) -> dict[str, Row]:
    """The facts an edition shows of a table, worked out row by row; `was`: what it showed the night before."""
    if not allowed(kinds["id"], edition):
        return {}
    names = [name for name in ("a", "b", "who") if allowed(kinds[name], edition)]
    found = {}
    for key, row in rows.items():
        if by_row and not allowed(row["who"], edition):
            continue
        found[key] = {name: row[name] for name in (*names, "as_of")}
        before = was.get(key)
        if len(names) < 3 and before and all(before[name] == row[name] for name in names):
            found[key]["as_of"] = before["as_of"]
    return found


@pytest.mark.usefixtures("written_here")
@settings(max_examples=12, phases=[Phase.explicit, Phase.generate])
@given(KINDS, st.booleans(), st.tuples(STATES, STATES, STATES))
def test_every_edition_shows_what_it_may_and_its_delta_leads_on(
    tmp_path_factory: pytest.TempPathFactory, kinds: dict[str, str], by_row: bool, nights: tuple[dict[str, Row], ...]
) -> None:
    """Release + delta = next release in every edition, and both are the projection of the full one."""
    name = "shop.thing"
    world = World(tmp_path_factory.mktemp("any") / "data", (name,), schema={name: (TYPES, ["id"])})
    world.classes, world.row_visibility = {name: kinds}, {name: "who"} if by_row else {}
    shows: dict[str, dict[str, Row]] = {edition: {} for edition in CLASSIFICATIONS}
    for number, rows in enumerate(nights):
        full = [
            {"id": key, "src_family": "s", "row_hash": str(sorted(map(str, row.items()))), **row}
            for key, row in rows.items()
        ]
        release = world.night({name: full}, DAY + timedelta(number)).path
        for edition in CLASSIFICATIONS:
            was = shows[edition]
            shows[edition] = now = expected(rows, kinds, edition, by_row, was)
            here = path_of(release, edition)
            table = {table.full_name: table for table in catalogue.of_release(here)}.get(name)
            assert (table is not None) == allowed(kinds["id"], edition)
            if table:
                assert facts_of(world.rows(here, name), table) == now
                assert set(world.query(here, f"FROM {name}")) == set(world.rows(here, name))
                if number:
                    assert_delta(world, here, table, was, now)


def facts_of(
    rows: list[tuple[Any, ...]], table: Table, names: tuple[str, ...] = ("a", "b", "who", "as_of")
) -> dict[str, Row]:
    shown_rows = [dict(zip(table.types, row, strict=False)) for row in rows]
    return {row["id"]: {name: row[name] for name in names if name in row} for row in shown_rows}


def assert_delta(world: World, here: Path, table: Table, was: dict[str, Row], now: dict[str, Row]) -> None:
    rows = world.delta(here, table.full_name)
    changes = {row[0]: row[-3] for row in rows}
    assert changes == {
        **dict.fromkeys(now.keys() - was.keys(), "added"),
        **dict.fromkeys(was.keys() - now.keys(), "removed"),
        **{key: "changed" for key in was.keys() & now.keys() if was[key] != now[key]},
    }
    led_on = {key: row for key, row in was.items() if key not in changes}
    led_on |= facts_of([row for row in rows if row[-3] != "removed"], table)
    assert led_on == now
    for row in rows:
        former = json.loads(row[-1]) if row[-1] else {}
        assert {name: was[row[0]][name] for name in former} == former | (
            {"as_of": date.fromisoformat(former["as_of"])} if "as_of" in former else {}
        )
