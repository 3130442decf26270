"""The dbt project itself: it parses in silence, its unit tests pass, its tables are documented, its seeds hold."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from listing_build import Dbt, Warehouse
from listing_world import ALLOWED, STATE, seed

TERMINAL = {row["status"] for row in seed("status") if row["is_terminal"] == "true"}
STATES = {row["status"] for row in seed("status")}
CLASSES = {"public", "partner", "internal"}


def published(dbt: Dbt) -> list[Any]:
    """The nodes that become tables of a release."""
    nodes = dbt.manifest.nodes.values()
    return [
        node
        for node in nodes
        if node.resource_type == "seed" or (node.resource_type == "model" and node.path.startswith("marts/"))
    ]


def test_it_parses_without_a_warning(dbt: Dbt) -> None:
    assert dbt.warnings() == []


def test_every_rule_keeps_its_unit_test(dbt: Dbt, empty: Warehouse) -> None:
    results = dbt(empty.path, "test", "--select", "test_type:unit").results
    assert len(results) >= 19
    assert {result.status for result in results} == {"pass"}


def test_every_model_and_column_is_described(dbt: Dbt, empty: Warehouse) -> None:
    """Every column there is is told of, and every column told of is there."""
    there = {
        (schema, table): set(columns)
        for schema, table, columns in empty.query(
            "select schema_name, table_name, list(column_name) from duckdb_columns() group by all"
        )
    }
    for node in dbt.manifest.nodes.values():
        if node.resource_type not in ("model", "seed"):
            continue
        assert node.description, node.name
        assert there[node.schema, node.alias] == set(node.columns), node.name
        assert all(column.description for column in node.columns.values()), node.name


def test_every_published_column_has_a_type_and_a_class(dbt: Dbt) -> None:
    names = {node.name for node in published(dbt)}
    assert {"project", "organization", "listing_project", "row_balance", "status_map"} <= names
    for node in published(dbt):
        columns = node.columns
        assert set(node.config.meta["primary_key"]) <= set(columns), node.name
        assert all(column.data_type for column in columns.values()), node.name
        assert {column.config.meta["classification"] for column in columns.values()} <= CLASSES, node.name
        assert {name for name, column in columns.items() if column.config.meta.get("provenance")} == (
            {"file_sha256", "fetched_at"} & set(columns)
        ), node.name


def test_every_amount_and_duration_has_a_unit(dbt: Dbt) -> None:
    for node in published(dbt):
        for name, column in node.columns.items():
            is_quantity = column.data_type in ("bigint", "decimal(20,2)") or name.endswith(("_cny", "_nights"))
            assert is_quantity == ("unit" in column.config.meta), f"{node.name}.{name}"


def test_every_published_model_has_an_enforced_contract_and_a_tested_key(dbt: Dbt) -> None:
    tested = {node.attached_node for node in dbt.manifest.nodes.values() if node.name.startswith("primary_key_")}
    for node in published(dbt):
        if node.resource_type == "model":
            assert node.config.contract.enforced, node.name
            assert node.unique_id in tested, node.name


def test_every_code_leads_to_a_state_of_the_machine() -> None:
    assert set(STATE.values()) <= STATES
    for state in set(STATE.values()) - TERMINAL:
        assert any(start == state for start, _ in ALLOWED), state


def test_nothing_follows_an_end() -> None:
    assert {"withdrawn", "rejected", "lapsed", "refused", "terminated", "terminated_registration"} <= TERMINAL
    assert not [step for step in ALLOWED if step[0] in TERMINAL]


def test_a_night_that_was_missed_withholds_nothing() -> None:
    """Forward, what two allowed steps reach, one may reach: the state between was there while nobody looked."""
    position = {row["status"]: int(row["position"]) for row in seed("status") if row["position"]}
    forward = {step for step in ALLOWED if set(step) <= set(position) and position[step[0]] < position[step[1]]}
    missed = {(first, third) for first, second in forward for other, third in forward if second == other} - ALLOWED
    assert missed == set()
    assert {start for start, _ in forward} == set(position) - TERMINAL


@pytest.mark.parametrize(
    "step",
    [
        ("accepted", "inquired"),
        ("inquired", "committee_passed"),
        ("inquired", "committee_deferred"),
        ("inquired", "committee_pending"),
        ("inquired", "terminated"),
        ("committee_passed", "submitted"),
        ("committee_pending", "submitted"),
        ("submitted", "effective"),
        ("submitted", "registration_decided"),
        ("suspended", "terminated"),
        ("suspended", "accepted"),
        ("committee_deferred", "committee_pending"),
        ("registration_decided", "refused"),
    ],
)
def test_what_was_seen_is_allowed(step: tuple[str, str]) -> None:
    assert step in ALLOWED


def test_a_suspended_review_may_go_on_where_it_was() -> None:
    before = {start for start, end in ALLOWED if end == "suspended"} - {"tutoring"}
    assert {"accepted", "inquired", "submitted"} <= before
    assert {("suspended", state) for state in before} <= ALLOWED


@pytest.mark.parametrize("code", [("SSE", "5", "-"), ("BSE", "P101", "-")])
def test_an_outcome_that_is_not_stated_is_never_effective(code: tuple[str, str, str]) -> None:
    assert STATE[code] == "registration_decided"


def test_values_of_the_domain_model(dbt: Dbt, empty: Warehouse) -> None:
    """The worked numbers of the model, by the macros that every source uses."""
    worked: list[tuple[str, object]] = [
        ("to_cny(\"'44.2629'\", \"'亿元'\")", Decimal("4426290000.00")),
        ("to_cny(\"'5,000'\", \"'万元'\")", Decimal("50000000.00")),
        ("to_cny(\"'12.345'\", \"'元'\")", Decimal("12.35")),
        ("to_cny(\"'12'\", \"'美元'\")", None),
        ("to_cny(\"'数千万'\", \"'元'\")", None),
        ("to_date(\"'1783612800000'\", 'ms')", date(2026, 7, 10)),
        ("to_date(\"'20260707172714'\", 'digits')", date(2026, 7, 7)),
        ("to_date(\"'2026-07-13 00:00:00'\", 'dashes')", date(2026, 7, 13)),
        ("to_date(\"'2026-02-30'\", 'dashes')", None),
        ("text_or_null(\"' 未透露 '\")", None),
        ("text_or_null(\"' 无锡 '\")", "无锡"),
        ("name_key(\"'甲（上海） Ｃo.'\")", "甲(上海)CO."),
        ("org_form(\"'甲集团有限公司'\")", "有限"),
        ("org_form(\"'甲（有限合伙）'\")", "有限合伙"),
        ("org_form(\"'甲股份公司'\")", "股份"),
        ("org_form(\"'Duality Biotherapeutics Inc'\")", "其他"),
    ]
    inline = "select " + ", ".join(f"{{{{ {macro} }}}}" for macro, _ in worked)
    compiled = dbt(empty.path, "compile", "--inline", inline).results[0].node.compiled_code
    assert empty.query(compiled) == [tuple(value for _, value in worked)]
