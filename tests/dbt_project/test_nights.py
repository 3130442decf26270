"""Nights of made-up lists through the real models: nothing lost, nothing invented, and the same by either way of building."""

from collections.abc import Callable

import pytest
from conftest import Dbt, Warehouse
from listing_world import DOWN, NIGHTS, Change, told

PUBLISHED = [
    "listing_pipeline.project",
    "listing_pipeline.project_event",
    "listing_pipeline.project_history",
    "organizations.organization",
    "organizations.name",
    "organizations.identifier",
    "quality.source_status",
    "quality.row_balance",
    "quarantine.listing_project",
]


def everything(warehouse: Warehouse) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all published tables."""
    return {table: sorted(warehouse.query(f"from {table}"), key=repr) for table in PUBLISHED}


def test_night_by_night_ends_as_one_full_build_does(night_by_night: Warehouse, at_once: Warehouse) -> None:
    assert everything(night_by_night) == everything(at_once)


def test_the_same_night_again_changes_nothing(night_by_night: Warehouse, changes: list[Change]) -> None:
    before = everything(night_by_night)
    night_by_night.build(changes, NIGHTS, full=False)
    assert everything(night_by_night) == before


def test_projects_stand_as_their_story_tells(at_once: Warehouse, changes: list[Change]) -> None:
    rows = at_once.query(
        "select exchange, project_id, company_name, status, first_seen_on, status_since, as_of, dq_status from listing_pipeline.project"
    )
    assert set(rows) == told(changes).projects


def test_events_are_the_changes_of_status(at_once: Warehouse, changes: list[Change]) -> None:
    rows = at_once.query(
        "select exchange, project_id, seen_on, previous_status, status, event_on from listing_pipeline.project_event"
    )
    assert set(rows) == told(changes).events


def test_history_has_no_gap_and_no_overlap(at_once: Warehouse, changes: list[Change]) -> None:
    rows = at_once.query("select exchange, project_id, status, valid_from, valid_to from listing_pipeline.project_history")
    assert set(rows) == told(changes).history


def test_quarantine_holds_the_withheld(at_once: Warehouse, changes: list[Change]) -> None:
    withheld = told(changes).quarantine
    assert set(at_once.query("select exchange, project_id, rule, run_date from quarantine.listing_project")) == withheld
    assert {rule for _, _, rule, _ in withheld} == {"transition_not_allowed", "status_unknown", "date_unreadable"}


def test_a_source_that_is_down_loses_nothing(new_warehouse: Callable[[], Warehouse], changes: list[Change]) -> None:
    """Shenzhen is down on the second night: its rows stay, none is removed, its age is one night."""
    warehouse = new_warehouse()
    warehouse.build(changes, NIGHTS[:1], full=True)
    before = warehouse.query("from listing_pipeline.project where exchange = 'SZSE' order by project_id")
    warehouse.build(changes, NIGHTS[:2], full=False)
    assert DOWN == ("szse", NIGHTS[1])
    assert warehouse.query("from listing_pipeline.project where exchange = 'SZSE' order by project_id") == before
    assert warehouse.query("select status, age_nights from quality.source_status where source_id = 'szse'") == [("failed", 1)]


def test_one_organization_a_name_key(at_once: Warehouse) -> None:
    """Projects of the same company share one organization, over all exchanges; every one of them is an identifier of it."""
    assert at_once.query("select count(distinct name_key) - count(distinct organization_id) from organizations.organization") == [(0,)]
    assert at_once.query("select max(n) > 1 from (select count(distinct exchange) as n from listing_pipeline.project group by company_name)") == [
        (True,)
    ]
    unnamed = """
        select * from listing_pipeline.project as p
        where not exists (
            from organizations.identifier as i
            where i.id_value = p.project_id and starts_with(i.id_type, p.exchange)
                and i.organization_id = p.organization_id and i.valid_to is null
        )
    """
    assert at_once.query(unnamed) == []


def test_a_ledger_that_does_not_balance_stops_the_build(dbt: Dbt, at_once: Warehouse) -> None:
    at_once.query("update raw.fetch set records = records + 1 where source_id = 'bse'")
    with pytest.raises(AssertionError, match="row_balance_holds"):
        dbt(at_once.path, "build", "--select", "row_balance", "row_balance_holds", "--exclude-resource-type", "unit_test")
    at_once.query("update raw.fetch set records = records - 1 where source_id = 'bse'")
    dbt(at_once.path, "build", "--select", "row_balance", "row_balance_holds", "--exclude-resource-type", "unit_test")
