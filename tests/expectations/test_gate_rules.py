"""Every rule of the gate sees the dirt it is there for: which rows, how many, how grave."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pytest
from guarantee_dirt import GUARANTEES
from lending_dirt import LATER, LENDING
from release_file import TABLES, credit_code

from expectations.codes import is_sound
from expectations.gate import TABLES as DECLARED
from expectations.gate import Finding, GateResult
from expectations.shared import PERSONAL

PROJECT, EVENT = "listing_pipeline.project", "listing_pipeline.project_event"
STATUS, BALANCE = "quality.source_status", "quality.row_balance"
QUARANTINE = "quarantine.listing_project"


@dataclass(frozen=True)
class Dirt:
    """Some SQL that spoils a release, and the finding that must come of it: one sample row shows `row`."""

    rule: str
    table: str
    severity: str
    sql: str
    row: dict[str, Any] = field(default_factory=dict)
    count: int = 1


def one(exchange: str, number: int) -> str:
    return f"where exchange = '{exchange}' and project_id = '{number}'"


def key(exchange: str, number: int, **more: Any) -> dict[str, Any]:
    return {"exchange": exchange, "project_id": str(number), **more}


def withheld(exchange: str, number: int) -> str:
    return f"""insert into {QUARANTINE} by name select exchange, project_id, date '2026-07-15' as run_date,
        'status_unknown' as rule, 'status: expected a known code, got 99' as reason, src_family, as_of
        from {PROJECT} {one(exchange, number)};"""


def withheld_in(table: str) -> str:
    if not table.startswith("quarantine."):
        return ""
    source = "guarantor_reports" if "guarant" in table else "bank_products"
    return f"""insert into {table} by name select '{source}' as src_family, 'x' as resource,
        '1' as src_record_id, 'unit_unknown' as rule, 'no unit' as reason, '{{}}' as raw_record,
        date '2026-07-15' as run_date;"""


# Releases that are sick in several places at once, so that the gate need not run once a rule.
SICK = {
    "keys": [
        Dirt(
            "7.1" if table == PROJECT else "S3",
            table,
            "critical",
            (withheld("BSE", 1001) if table == QUARANTINE else withheld_in(table))
            + f"insert into {table} from {table} limit 1;",
            {"rows": 2},
        )
        for table in TABLES
    ],
    "missing keys and texts": [
        Dirt(
            "S3",
            "organizations.name",
            "critical",
            "update organizations.name set name = null where organization_id = 'CN-SSE1001';",
            {"organization_id": "CN-SSE1001", "name": None},
        ),
        Dirt(
            "7.1",
            PROJECT,
            "critical",
            f"update {PROJECT} set exchange = null {one('SSE', 1002)};",
            {"exchange": None, "project_id": "1002"},
        ),
        Dirt(
            "S6",
            PROJECT,
            "critical",
            f"update {PROJECT} set company_name = '甲\ufffd有限公司' {one('SSE', 1000)};",
            key("SSE", 1000, column="company_name"),
        ),
        Dirt(
            "S6",
            "organizations.organization",
            "critical",
            "update organizations.organization set legal_name = '锟斤拷公司' where organization_id = 'CN-BSE1000';",
            {"organization_id": "CN-BSE1000", "column": "legal_name"},
        ),
        Dirt(
            "S6",
            QUARANTINE,
            "critical",
            withheld("BSE", 1001) + f"update {QUARANTINE} set reason = 'ï¿½' {one('BSE', 1001)};",
            key("BSE", 1001, column="reason"),
        ),
        Dirt(
            "S7",
            PROJECT,
            "critical",
            f"update {PROJECT} set sponsor_name = '王某（13912345678）' {one('SZSE', 1003)};",
            key("SZSE", 1003, column="sponsor_name"),
        ),
        Dirt(
            "S7",
            QUARANTINE,
            "critical",
            withheld("BSE", 1002)
            + f"""update {QUARANTINE} set raw_record = '{{"id": "11010519491231002X"}}' {one("BSE", 1002)};""",
            key("BSE", 1002, column="raw_record"),
        ),
        Dirt(
            "S7",
            "reference.status_map",
            "critical",
            "update reference.status_map set citation = '请电 139 或 13912345678' where raw_status = 'P01';",
            {"exchange": "BSE", "raw_status": "P01", "raw_sub": "-", "column": "citation"},
        ),
    ],
    "values": [
        Dirt(
            "S9",
            PROJECT,
            "critical",
            f"update {PROJECT} set board = '新三板' {one('BSE', 1004)};",
            key("BSE", 1004, column="board", value="新三板"),
        ),
        Dirt(
            "S9",
            EVENT,
            "critical",
            f"update {EVENT} set status = 'asked' {one('SSE', 1004)};",
            key("SSE", 1004, column="status", value="asked"),
        ),
        Dirt(
            "S9",
            "listing_pipeline.project_history",
            "critical",
            f"update listing_pipeline.project_history set status = 'asked' {one('SSE', 1004)};",
            key("SSE", 1004, column="status", value="asked"),
        ),
        Dirt(
            "S9",
            "organizations.organization",
            "critical",
            "update organizations.organization set org_form = '公司' where organization_id = 'CN-SSE1000';",
            {"organization_id": "CN-SSE1000", "column": "org_form", "value": "公司"},
        ),
        Dirt(
            "S11",
            PROJECT,
            "critical",
            f"update {PROJECT} set accepted_on = date '1899-12-30' {one('SSE', 1005)};"
            f"update {PROJECT} set updated_on = date '2026-07-17' {one('SSE', 1006)};",
            key("SSE", 1005, column="accepted_on", value="1899-12-30"),
            count=2,
        ),
        Dirt(
            "S11",
            "organizations.identifier",
            "critical",
            "update organizations.identifier set valid_to = date '2027-01-01' where id_value = '1007'"
            " and id_type = 'BSE_PRJ';",
            {"id_type": "BSE_PRJ", "id_value": "1007", "column": "valid_to", "value": "2027-01-01"},
        ),
        Dirt(
            "7.9",
            PROJECT,
            "warning",
            f"update {PROJECT} set plan_raise_cny = 50000 {one('BSE', 1008)};",
            key("BSE", 1008, plan_raise_cny=50000),
        ),
        Dirt(
            "7.10",
            PROJECT,
            "warning",
            f"update {PROJECT} set company_name = '甲公司首发' where exchange = 'SZSE' and project_id < '1004';",
            key("SZSE", 1000, company_name="甲公司首发"),
            count=4,
        ),
        Dirt(
            "S8",
            PROJECT,
            "warning",
            f"update {PROJECT} set organization_id = null where project_id < '1021';",
            key("SSE", 1000, organization_id=None),
            count=63,
        ),
    ],
    "sources and statuses": [
        Dirt(
            "S10",
            STATUS,
            "critical",
            f"update {STATUS} set status = 'failed', good_run_date = date '2026-07-11', age_nights = 4"
            " where source_id = 'szse';",
            {"source_id": "szse", "resource": "ipo_project", "age_nights": 4, "max_age_nights": 3},
        ),
        Dirt(
            "S10.parts",
            STATUS,
            "warning",
            f"update {STATUS} set old_parts = 2 where source_id = 'szse';",
            {"source_id": "szse", "old_parts": 2, "max_age_nights": 3},
        ),
        Dirt("7.7", STATUS, "warning", "", {"source_id": "szse", "status": "failed", "good_run_date": "2026-07-11"}),
        Dirt(
            "S12",
            STATUS,
            "critical",
            f"update {STATUS} set declared_total = 201 where source_id = 'sse';",
            {"source_id": "sse", "declared_total": 201, "records": 200},
        ),
        Dirt(
            "ledger",
            BALANCE,
            "critical",
            f"update {BALANCE} set fetched = 202 where source_id = 'sse';"
            f"update {BALANCE} set staged = 199 where source_id = 'szse';"
            f"update {BALANCE} set published = 199 where source_id = 'bse';"
            f"insert into {BALANCE} by name select * replace ('sba' as source_id, 1 as rejected, 0 as published,"
            f" 0 as conformed, 200 as merged) from {BALANCE} where source_id = 'sse';",
            {"source_id": "sse", "fetched": 202, "duplicates": 0, "rejected": 0, "records": 200},
            count=4,
        ),
        Dirt(
            "ledger.published",
            BALANCE,
            "critical",
            "",
            {"source_id": "bse", "published": 199, "rows_in_release": 200},
        ),
        Dirt(
            "7.6",
            PROJECT,
            "warning",
            f"update {PROJECT} set updated_on = date '2026-07-08' where exchange = 'BSE';"
            f"update {PROJECT} set updated_on = date '2026-07-09' where exchange = 'SSE';",
            {"exchange": "BSE", "updated_on": "2026-07-08", "working_days": 5},
            count=2,
        ),
        Dirt(
            "7.11",
            EVENT,
            "warning",
            f"update {EVENT} set is_first_seen = false, seen_on = date '2026-07-15'"
            " where exchange <> 'BSE' and project_id < '1030';",
            {"exchange": "BSE", "changes": 1},
            count=3,
        ),
        Dirt(
            "7.3",
            PROJECT,
            "critical",
            f"update {PROJECT} set raw_sub = '99' {one('SZSE', 1010)};"
            f"update {PROJECT} set status = 'suspended' {one('SZSE', 1011)};"
            "insert into reference.status_map values ('SSE', '5', '-', 'effective', '', false, 'a slip');"
            f"update {PROJECT} set raw_status = '5', status = 'effective' {one('SSE', 1012)};",
            key("SSE", 1012, raw_status="5", raw_sub=None, status="effective"),
            count=3,
        ),
        Dirt(
            "7.3.outcome",
            PROJECT,
            "warning",
            f"update {PROJECT} set raw_status = '5', status = 'registration_decided' {one('SSE', 1013)};",
            key("SSE", 1013),
        ),
        Dirt(
            "7.4",
            EVENT,
            "critical",
            f"update {EVENT} set previous_status = 'withdrawn' {one('SZSE', 1114)};",
            key("SZSE", 1114, seen_on="2026-07-13", previous_status="withdrawn", status="inquired"),
        ),
        Dirt(
            "7.8",
            EVENT,
            "critical",
            f"update {PROJECT} set accepted_on = date '2026-07-15' {one('BSE', 1015)};",
            key("BSE", 1015, event_on="2026-07-14", accepted_on="2026-07-15"),
        ),
        Dirt("quarantine.rows", QUARANTINE, "warning", withheld("SSE", 1000), key("SSE", 1000), count=4),
        Dirt(
            "quarantine.share",
            QUARANTINE,
            "critical",
            withheld("BSE", 1000) + withheld("BSE", 1001) + withheld("BSE", 1002),
            {"src_family": "bse", "quarantined": 3, "records": 200},
        ),
    ],
    "credit codes": [
        Dirt(
            "S1",
            "organizations.organization",
            "critical",
            "update organizations.organization set uscc = left(uscc, 17) || 'I' where organization_id < 'CN-BSE1004';",
            {"organization_id": "CN-BSE1000", "uscc": f"{credit_code(400)[:17]}I"},
            count=113,
        ),
        Dirt(
            "S2",
            "organizations.organization",
            "warning",
            "update organizations.organization set uscc = replace(uscc, '440300', '990300')"
            " where organization_id > 'CN-SZSE1090';",
            {"organization_id": "CN-SZSE1091"},
            count=109,
        ),
        Dirt(
            "S11",
            "organizations.identifier",
            "critical",
            "update organizations.organization set jurisdiction = 'US', first_seen_on = date '1953-07-30'"
            " where organization_id = 'CN-BSE1000';"
            "update organizations.identifier set valid_from = date '1953-07-30' where id_value = '1000'"
            " and id_type = 'BSE_PRJ';",
            {"id_type": "BSE_PRJ", "column": "valid_from", "value": "1953-07-30"},
        ),
        Dirt(
            "S9",
            "quality.delivery",
            "critical",
            "update quality.delivery set status = 'lost' where delivery_id = '1';",
            {"delivery_id": "1", "column": "status", "value": "lost"},
        ),
        Dirt(
            "S9",
            "organizations.name",
            "critical",
            "update organizations.name set visibility = 'secret' where organization_id = 'CN-BSE1001';",
            {"organization_id": "CN-BSE1001", "column": "visibility", "value": "secret"},
        ),
    ],
    "against the previous release": [
        Dirt(
            "7.2",
            PROJECT,
            "critical",
            f"delete from {PROJECT} where exchange = 'SZSE'; delete from {PROJECT} where exchange = 'SSE'"
            " and project_id < '1011';",
            {"exchange": "SZSE", "rows_now": 0, "rows_before": 200},
            count=2,
        ),
        Dirt("7.5", PROJECT, "critical", "", key("SSE", 1000, company_name="甲1股份有限公司"), count=211),
        Dirt(
            "S4",
            PROJECT,
            "critical",
            f"insert into {PROJECT} select * replace (project_id || 'a' as project_id) from {PROJECT}"
            " where exchange = 'BSE' and project_id < '1041';",
            {"src_family": "bse", "rows_now": 241, "rows_before": 200},
        ),
        Dirt(
            "fill",
            PROJECT,
            "warning",
            f"update {PROJECT} set sponsor_name = null where exchange = 'BSE' and project_id < '1020';",
            {"src_family": "bse", "column": "sponsor_name", "filled_before": 1.0},
        ),
        Dirt(
            "S5",
            "organizations.organization",
            "critical",
            "alter table organizations.organization drop column org_form;",
            {"column": "org_form"},
        ),
        Dirt(
            "S5.new",
            "organizations.name",
            "warning",
            "alter table organizations.name add column spelling varchar;",
            {"column": "spelling"},
        ),
    ],
}

SICK["lending"] = [Dirt(*spoilt) for spoilt in LENDING]
SICK["a later list of banks"] = [Dirt(*spoilt) for spoilt in LATER]
SICK["guarantees"] = [Dirt(*spoilt) for spoilt in GUARANTEES]

Judged = Callable[..., GateResult]


@pytest.fixture(scope="module")
def verdict_on(judged: Judged) -> Callable[[str], GateResult]:
    verdicts: dict[str, GateResult] = {}

    def verdict(sickness: str) -> GateResult:
        if sickness not in verdicts:
            verdicts[sickness] = judged("".join(dirt.sql for dirt in SICK[sickness]))
        return verdicts[sickness]

    return verdict


@pytest.mark.parametrize(
    ("sickness", "dirt"),
    [
        pytest.param(sickness, dirt, id=f"{sickness}: {dirt.rule} {dirt.table}")
        for sickness, dirts in SICK.items()
        for dirt in dirts
    ],
)
def test_a_rule_sees_its_dirt(verdict_on: Callable[[str], GateResult], sickness: str, dirt: Dirt) -> None:
    finding = failed(verdict_on(sickness), dirt.rule, dirt.table)
    assert finding.severity == dirt.severity
    assert finding.unexpected_count == dirt.count
    assert any(row.items() >= dirt.row.items() for row in finding.sample), finding.sample
    assert set(DECLARED[dirt.table].key) <= set(finding.sample[0]) or dirt.rule not in {
        "7.1",
        "S3",
        "S6",
        "S7",
        "S9",
        "S11",
    }


def test_no_finding_is_there_but_those_provoked(verdict_on: Callable[[str], GateResult]) -> None:
    """Nothing else is wrong with the sick releases, but what follows from the dirt by itself."""
    consequences = {
        "keys": {"ledger", "ledger.published", "quarantine.rows", "quarantine.share", "7.2"}
        | {"1.1", "1.2", "1.11", "3.1", "3.6", "3.13"},
        "missing keys and texts": {"7.3", "7.5", "quarantine.rows", "quarantine.share"},
        "values": {"fill"},
        "credit codes": {"S1"},
        "sources and statuses": {"S3"},
        "against the previous release": {"ledger.published", "S9"},
        "lending": {"quarantine.rows", "quarantine.share", "ledger.published"},
        "a later list of banks": {"ledger.published"},
        "guarantees": {"fill", "ledger.published", "quarantine.rows", "quarantine.share"},
    }
    for sickness, dirts in SICK.items():
        found = {finding.id for finding in verdict_on(sickness).failures}
        assert found - {dirt.rule for dirt in dirts} <= consequences[sickness], sickness


def test_every_declared_rule_has_its_dirt(clean: GateResult) -> None:
    provoked = {dirt.rule for dirts in SICK.values() for dirt in dirts}
    assert clean.passed
    assert not list(clean.failures)
    assert {finding.id for finding in clean.findings} == provoked


def test_a_found_number_is_not_repeated(verdict_on: Callable[[str], GateResult]) -> None:
    found = str([finding for finding in verdict_on("missing keys and texts").failures if finding.id == "S7"])
    assert "13912345678" not in found
    assert "11010519491231002X" not in found


@pytest.mark.parametrize(
    ("text", "personal"),
    [
        ("13912345678", True),
        ("电话13912345678，", True),
        ("+8613912345678", True),
        ("86-13912345678", True),
        ("联系人：王某 13912345678", True),
        ("11010519491231002X", True),
        ('"11010519491231002x"', True),
        ("身份证110105200812310021。", True),
        ("12912345678", False),
        ("139123456789", False),
        ("013912345678", False),
        ("0.13912345678", False),
        ("13912345678.50", False),
        ("a13912345678", False),
        ("13912345678f", False),
        ("1783612800000", False),
        ("20260707172714", False),
        ("91110000710928911X", False),
        ("110105194913310021", False),
        ("1101051949123100212", False),
        ("530000000.00", False),
    ],
)
def test_a_personal_number_stands_alone(text: str, personal: bool) -> None:
    """USCCs, epochs, time stamps, amounts and digits inside longer words are not taken for a person's number."""
    assert duckdb.execute("select regexp_matches(?, ?)", [text, PERSONAL]).fetchall() == [(personal,)]


@pytest.mark.parametrize(
    ("code", "sound"),
    [
        ("914403001922038216", True),
        ("9144030071526726XG", True),
        ("914403001922038217", False),
        ("914403001922038212", False),
        ("91330106MA27X2XXXX", False),
        ("9144030019220382", False),
        ("9I4403001922038216", False),
        ("９14403001922038216", False),
        ("", False),
    ],
)
def test_a_sound_credit_code(code: str, sound: bool) -> None:
    """Worked codes of the standards; one with a wrong sign, one cut short, one of other letters, none."""
    assert duckdb.execute(f"select {is_sound()} from (select ? as uscc)", [code]).fetchall() == [(sound,)]


def test_any_wrong_sign_is_seen() -> None:
    """Every sign of a sound code, against every other letter and digit."""
    code = credit_code(7)
    signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    slips = [code[:place] + sign + code[place + 1 :] for place in range(18) for sign in signs if sign != code[place]]
    found = duckdb.execute(f"select count(*) filter ({is_sound()}) from (select unnest(?) as uscc)", [slips]).fetchall()
    assert (len(slips), found) == (18 * 35, [(0,)])


def failed(result: GateResult, rule: str, table: str) -> Finding:
    """The one failed finding of a rule on a table."""
    (finding,) = [f for f in result.failures if (f.id, f.table) == (rule, table)]
    return finding
