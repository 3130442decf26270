"""What a database may declare of its tables, and what the gate makes of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from expectations import gate, listing_pipeline
from expectations.gate import GateResult
from expectations.published import Entity, table

PROJECT = "listing_pipeline.project"
IDENTIFIER = "organizations.identifier"
BALANCE = "quality.row_balance"
QUARANTINE = "quarantine.listing_project"

Judged = Callable[..., GateResult]

# A second entity of the same sources: organizations, with records of their own in the ledger.
SECOND = Entity("organizations.organization", ("sse/firm", "bse/firm"), QUARANTINE, current="org_form = '股份'")
ITS_LEDGER = f"""
    insert into {BALANCE} by name select * replace ('firm' as resource) from {BALANCE}
    where source_id in ('sse', 'bse');
"""


@pytest.fixture(scope="module")
def sound(listing_only: Path) -> Path:
    """One database is enough."""
    return listing_only


def found(result: GateResult, rule: str) -> list[dict[str, Any]]:
    """The sample rows of the failed findings of a rule."""
    return [row for finding in result.failures if finding.id == rule for row in finding.sample]


def test_what_ends_may_end_later(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    """S11: up to 2099, or 9999-12-31 for without end; other dates of the table end tomorrow."""
    declared = gate.TABLES[IDENTIFIER]
    monkeypatch.setattr(gate, "TABLES", {**gate.TABLES, IDENTIFIER: replace(declared, ends=frozenset({"valid_to"}))})
    late = {"1000": "2099-12-31", "1001": "9999-12-31", "1002": "2100-01-01", "1003": "1977-12-31"}
    spoilt = "".join(
        f"update {IDENTIFIER} set valid_to = date '{day}' where id_type = 'BSE_PRJ' and id_value = '{number}';"
        for number, day in late.items()
    )
    spoilt += (
        f"update {IDENTIFIER} set valid_from = date '2099-12-31' where id_type = 'SSE_AUDIT' and id_value = '1000'"
    )
    rows = found(judged(spoilt), "S11")
    assert [(row["id_value"], row["column"]) for row in rows] == [
        ("1002", "valid_to"),
        ("1003", "valid_to"),
        ("1000", "valid_from"),
    ]


def test_abroad_things_may_have_happened_earlier(judged: Judged) -> None:
    """S11: China's records begin in 1978, those of other countries do not."""
    spoil = "update organizations.organization set first_seen_on = date '1953-07-30', jurisdiction = '{}'"
    assert found(judged(spoil.format("US")), "S11") == []
    assert len(found(judged(spoil.format("CN")), "S11")) == 10


def test_each_entity_is_counted_by_its_own_resources(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    """ledger.published: a source may give records to several tables; rows that are not current do not count."""
    monkeypatch.setattr(gate, "ENTITIES", (*gate.ENTITIES, SECOND))
    assert not list(judged(ITS_LEDGER, previous=None).failures)
    closed = "update organizations.organization set org_form = '其他' where organization_id = 'CN-BSE1000'"
    assert found(judged(ITS_LEDGER + closed, previous=None), "ledger.published") == [
        {"source_id": "bse", "entity": "organizations.organization", "published": 200, "rows_in_release": 199}
    ]


def test_growth_and_quarantine_are_judged_as_declared(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    """S4 is not asked where senders come and go; the believable share of withheld records is the entity's own."""
    (project,) = listing_pipeline.ENTITIES
    spoilt = f"""
        insert into {PROJECT} select * replace (project_id || 'a' as project_id) from {PROJECT}
        where exchange = 'BSE' and project_id < '1041';
        insert into {QUARANTINE} by name select exchange, project_id, src_family, as_of from {PROJECT}
        where exchange = 'SSE' and project_id < '1003';
    """
    rules = {finding.id for finding in judged(spoilt).failures}
    assert {"S4", "quarantine.share"} <= rules
    monkeypatch.setattr(gate, "ENTITIES", (replace(project, growth=None, withheld=0.015),))
    rules = {finding.id for finding in judged(spoilt).failures}
    assert not {"S4", "quarantine.share"} & rules


def test_several_columns_may_name_organizations(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    """S8: each is judged by itself; a table may have none."""
    (project,) = listing_pipeline.ENTITIES
    monkeypatch.setattr(gate, "ENTITIES", (replace(project, organizations=("organization_id", "sponsor_name")),))
    spoilt = f"update {PROJECT} set sponsor_name = null where project_id < '1100'"
    assert [finding.expected for finding in judged(spoilt, previous=None).failures] == [
        "sponsor_name in at least 90% of the rows"
    ]
    monkeypatch.setattr(gate, "ENTITIES", (replace(project, organizations=()),))
    assert not list(judged(spoilt, previous=None).failures)


def test_an_empty_table_breaks_no_rule(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that exists but holds nothing yet is there: S5 asks for it, nothing asks for rows."""
    declared = table("organization_id", "uscc first_seen_on valid_to", ends="valid_to")
    monkeypatch.setattr(gate, "TABLES", {**gate.TABLES, "insights.firm": declared})
    entity = Entity("insights.firm", ("firms/firm",), QUARANTINE)
    monkeypatch.setattr(gate, "ENTITIES", (*gate.ENTITIES, entity))
    missing = judged(previous=None)
    assert [(finding.id, finding.table) for finding in missing.failures] == [("S5", "insights.firm")]
    create = "create schema insights; create table insights.firm"
    columns = "organization_id varchar, uscc varchar, first_seen_on date, valid_to date, src_family varchar"
    assert not list(judged(f"{create} ({columns})", previous=None).failures)
