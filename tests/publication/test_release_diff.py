"""Any two releases can be compared, in either direction."""

from datetime import timedelta

import pytest
from publication_world import DAY, SCHEMA, World, project, state

from publication.diff import diff
from publication.errors import PublicationError

pytestmark = pytest.mark.usefixtures("written_here")
NEXT_DAY = DAY + timedelta(1)


def test_two_releases_are_compared_table_by_table(world: World) -> None:
    first = world.night()
    second = world.night(state(project=[project(1, status="x", as_of=NEXT_DAY), project(3), project(4)]), NEXT_DAY)
    found = {entry.table: entry for entry in diff(first.path, second.path)}
    assert set(found) == set(SCHEMA)
    projects = found["listing_pipeline.project"]
    assert (projects.added, projects.changed, projects.removed) == (1, 1, 1)
    assert [(row["_change"], row["project_id"]) for row in projects.sample] == [
        ("added", "P4"),
        ("changed", "P1"),
        ("removed", "P2"),
    ]
    (row,) = (row for row in projects.sample if row["_change"] == "changed")
    assert row["_previous"] == {"status": "accepted", "as_of": "2026-07-14"}
    assert (row["status"], row["_cause"], row["accepted_on"]) == ("x", "source", "2026-01-05")
    assert sum(entry.added + entry.changed + entry.removed for entry in found.values()) == 3


def test_a_diff_over_several_nights_is_the_sum_of_their_deltas(world: World) -> None:
    first = world.night()
    world.night(state(project=[project(1, status="x"), project(2), project(3)]), NEXT_DAY)
    third = world.night(state(project=[project(1), project(2), project(5)]), DAY + timedelta(2))
    (projects,) = (entry for entry in diff(first.path, third.path) if entry.table == "listing_pipeline.project")
    assert (projects.added, projects.changed, projects.removed) == (1, 0, 1)


def test_the_other_direction_swaps_added_and_removed(world: World) -> None:
    first = world.night()
    second = world.night(state(project=[project(1)]), NEXT_DAY)
    (projects,) = (entry for entry in diff(second.path, first.path) if entry.table == "listing_pipeline.project")
    assert (projects.added, projects.changed, projects.removed) == (2, 0, 0)


def test_a_table_of_one_side_only_is_wholly_added_or_removed(world: World) -> None:
    world.names = ("listing_pipeline.project", "reference.status_map")
    first = world.night()
    world.names = ("listing_pipeline.project", "organizations.organization")
    second = world.night(run_date=NEXT_DAY)
    counts = {entry.table: (entry.added, entry.changed, entry.removed) for entry in diff(first.path, second.path)}
    assert counts == {
        "listing_pipeline.project": (0, 0, 0),
        "organizations.organization": (3, 0, 0),
        "reference.status_map": (0, 0, 1),
    }


def test_an_edited_release_is_not_compared(world: World) -> None:
    first = world.night()
    second = world.night(state(project=[project(1)]), NEXT_DAY)
    (second.path / "listing_pipeline/project.parquet").unlink()
    with pytest.raises(PublicationError, match="was changed after it was published"):
        diff(first.path, second.path)
