"""Guarantees through the real models: three nights of two guarantors."""

from pathlib import Path

import pytest
from guarantee_world import FIRST, SECOND, said
from listing_build import Dbt
from record_build import Records

TABLES = [
    "guarantees.institution",
    "guarantees.institution_quarter",
    "guarantees.contract",
    "guarantees.compensation",
    "guarantees.bank_cooperation",
    "quarantine.guarantor",
    "quarantine.guarantor_quarter",
    "quarantine.guarantee_contract",
    "quarantine.guarantee_compensation",
    "quarantine.guarantee_cooperation",
    "organizations.organization",
    "organizations.name",
    "organizations.identifier",
    "organizations.role",
    "quality.row_balance",
]
ASKED = {
    "institutions": "select guarantor_id, status, leverage_cap from guarantees.institution where jurisdiction = 'CN'",
    "quarters": "select period, net_assets_cny / 1e8 from guarantees.institution_quarter",
    "contracts": "select contract_no, report_period, balance_amount / 1e4, client_name, dq_status"
    " from guarantees.contract",
    "payments": "select compensation_id, currency from guarantees.compensation",
    "withheld": "from (select src_record_id, rule from quarantine.guarantee_contract union all"
    " select src_record_id, rule from quarantine.guarantee_compensation)",
}

Seen = dict[str, set[tuple[object, ...]]]


@pytest.fixture(scope="module")
def nights(dbt: Dbt, tmp_path_factory: pytest.TempPathFactory) -> tuple[Records, list[Seen]]:
    """The build file after three nights, and what it showed after each. It builds only where the ledger balances."""
    records = Records(tmp_path_factory.mktemp("guarantees"), dbt)
    seen = []
    for night, rows in said():
        records.night(night, rows)
        seen.append({name: set(records.query(sql)) for name, sql in ASKED.items()})
    return records, seen


def test_a_guarantor_missing_from_its_newest_list_has_given_up(nights: tuple[Records, list[Seen]]) -> None:
    """The newest list of a unit is the whole list; its correction brings the guarantor back. The usual cap is 10."""
    states = [{(row[0][3:], *row[1:]) for row in seen["institutions"]} for seen in nights[1]]
    assert states[0] == {(FIRST, "在业", 10), (SECOND, "在业", 10)}
    assert states[1] == {(FIRST, "在业", 10), (SECOND, "注销", 10)}
    assert states[2] == states[0]


def test_a_correction_of_an_old_quarter_changes_that_quarter_only(nights: tuple[Records, list[Seen]]) -> None:
    assert [seen["quarters"] for seen in nights[1]] == [
        {("2026Q1", 5), ("2026Q2", 5)},
        {("2026Q1", 6), ("2026Q2", 5)},
        {("2026Q1", 6), ("2026Q2", 5)},
    ]


def test_contracts_follow_the_newest_month_and_fall_back_when_it_is_taken_back(
    nights: tuple[Records, list[Seen]],
) -> None:
    """A withheld row of the newest month leaves the month before, with a warning. A natural person is not named."""
    client = "江苏示范科技有限公司"
    may = {("DB-1", "2026-05", 300, client, "pass"), ("DB-2", "2026-05", 300, client, "pass")}
    assert [seen["contracts"] for seen in nights[1]] == [
        may,
        {
            ("DB-1", "2026-06", 200, client, "pass"),
            ("DB-2", "2026-05", 300, client, "warn"),
            ("DB-9", "2026-06", 300, None, "pass"),
        },
        may,
    ]


def test_a_payment_waits_for_its_contract(nights: tuple[Records, list[Seen]]) -> None:
    """It is published on the night its contract comes, though no file speaks of it then, and waits again later."""
    of = f"CN:{FIRST}:DC-"
    waiting, bad = (f"{FIRST} 2026-06 DC-1", "contract_unknown"), (f"{FIRST} 2026-06 DB-2", "shares_not_one")
    assert [(seen["payments"], seen["withheld"]) for seen in nights[1]] == [
        ({(f"{of}2", "CNY")}, {waiting}),
        ({(f"{of}1", "CNY"), (f"{of}2", "CNY")}, {bad}),
        ({(f"{of}2", "CNY")}, {waiting}),
    ]


def test_guarantors_are_public_clients_and_banks_are_not(nights: tuple[Records, list[Seen]]) -> None:
    """An organization that only contracts speak of is internal; the bank is known by its code."""
    records = nights[0]
    roles = records.query("""
        select organization.legal_name, role, organization.visibility
        from organizations.organization left join organizations.role using (organization_id)
    """)
    assert set(roles) == {
        ("浙江N融资担保有限公司", "guarantor", "public"),
        ("浙江H融资担保有限公司", "guarantor", "public"),
        ("江苏示范科技有限公司", None, "internal"),
        ("中国工商银行股份有限公司", "bank", "internal"),
    }
    banks = records.query("""
        select count(*) from guarantees.contract join organizations.identifier as known
        on known.organization_id = creditor_organization_id and known.id_type = 'NFRA15'
        and 'CN:' || known.id_value = creditor_institution_id
    """)
    assert banks == [(2,)]


def test_night_by_night_ends_as_one_full_build_does(nights: tuple[Records, list[Seen]], tmp_path: Path) -> None:
    records = nights[0]
    other = records.at_once(tmp_path)
    for table in TABLES:
        assert sorted(records.query(f"from {table}"), key=repr) == sorted(other.query(f"from {table}"), key=repr), table
