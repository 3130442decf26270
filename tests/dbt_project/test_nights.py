"""Made-up nights through the real models: nothing lost, nothing invented, the same by either way of building."""

import pytest
from listing_build import Dbt, Lived, Warehouse
from listing_world import NIGHTS, Change, told

PUBLISHED = [
    "listing_pipeline.project",
    "listing_pipeline.project_event",
    "listing_pipeline.project_history",
    "organizations.organization",
    "organizations.name",
    "organizations.identifier",
    "organizations.role",
    "quality.source_status",
    "quality.row_balance",
    "quarantine.listing_project",
]


def everything(warehouse: Warehouse) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all published tables."""
    return {table: sorted(warehouse.query(f"from {table}"), key=repr) for table in PUBLISHED}


def test_night_by_night_ends_as_one_full_build_does(night_by_night: Lived, at_once: Warehouse) -> None:
    assert everything(night_by_night.warehouse) == everything(at_once)


def test_the_same_night_again_changes_nothing(night_by_night: Lived, changes: list[Change]) -> None:
    warehouse = night_by_night.warehouse
    before = everything(warehouse)
    warehouse.build(NIGHTS[-1], changes, [change for change in changes if change.night == NIGHTS[-1]])
    assert everything(warehouse) == before


def test_a_source_that_is_down_loses_nothing(night_by_night: Lived) -> None:
    """Shenzhen is down on the second night: its rows stay, one night older. Beijing is late, hence two builds."""
    assert night_by_night.ages[:3] == [
        {"sse": 0, "szse": 0, "bse": 0},
        {"sse": 0, "szse": 1, "bse": 1},
        {"sse": 0, "szse": 1, "bse": 0},
    ]
    before, without_beijing, with_beijing = night_by_night.projects[:3]
    assert before["szse"] == without_beijing["szse"] == with_beijing["szse"]
    assert before["bse"] == without_beijing["bse"] != with_beijing["bse"]
    assert before["sse"] != without_beijing["sse"] == with_beijing["sse"]


def test_projects_stand_as_their_story_tells(at_once: Warehouse, changes: list[Change]) -> None:
    columns = "exchange, project_id, company_name, status, first_seen_on, status_since, as_of, dq_status"
    assert set(at_once.query(f"select {columns} from listing_pipeline.project")) == told(changes).projects


def test_events_are_the_changes_of_status(at_once: Warehouse, changes: list[Change]) -> None:
    columns = "exchange, project_id, seen_on, previous_status, status, event_on"
    assert set(at_once.query(f"select {columns} from listing_pipeline.project_event")) == told(changes).events


def test_history_has_no_gap_and_no_overlap(at_once: Warehouse, changes: list[Change]) -> None:
    columns = "exchange, project_id, status, valid_from, valid_to"
    assert set(at_once.query(f"select {columns} from listing_pipeline.project_history")) == told(changes).history


def test_quarantine_holds_the_withheld(at_once: Warehouse, changes: list[Change]) -> None:
    withheld = told(changes).quarantine
    columns = "exchange, project_id, rule, run_date"
    assert set(at_once.query(f"select {columns} from quarantine.listing_project")) == withheld
    assert {rule for _, _, rule, _ in withheld} == {"transition_not_allowed", "status_unknown", "date_unreadable"}


def test_one_organization_a_name_key(at_once: Warehouse) -> None:
    """Projects of one company share its organization, over all exchanges, and are all identifiers of it."""
    organizations = at_once.query("select count(distinct name_key), count(*) from organizations.organization")
    assert organizations[0][0] == organizations[0][1]
    shared = "select organization_id from listing_pipeline.project group by all having count(distinct exchange) > 1"
    assert at_once.query(shared)
    unknown = """
        from listing_pipeline.project
        anti join (
            select id_value as project_id, organization_id, id_type.split('_')[1] as exchange
            from organizations.identifier
            where valid_to is null
        ) using (exchange, project_id, organization_id)
    """
    assert at_once.query(unknown) == []


def test_a_ledger_that_does_not_balance_stops_the_build(dbt: Dbt, at_once: Warehouse) -> None:
    ledger = ["build", "--select", "row_balance", "row_balance_holds", "--exclude-resource-type", "unit_test"]
    at_once.query("update raw.fetch set records = records + 1 where source_id = 'bse'")
    with pytest.raises(AssertionError, match="row_balance_holds"):
        dbt(at_once.path, *ledger)
    at_once.query("update raw.fetch set records = records - 1 where source_id = 'bse'")
    dbt(at_once.path, *ledger)
