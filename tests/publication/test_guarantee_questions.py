"""The ready questions about guarantees, asked of a small release: the model's worked numbers."""

from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from publication.questions import questions

NIGHT = date(2026, 7, 15)
RELEASE = """
create schema guarantees; create schema organizations; create schema reference; create schema financial_institutions;
create table financial_institutions.institution(institution_id varchar, organization_id varchar);
create table reference.guarantee_rule(rule varchar, area varchar, value decimal(20, 6), valid_to date);
insert into reference.guarantee_rule values
    ('leverage_cap', 'CN', 10, null), ('leverage_cap', '32', 8, null), ('leverage_cap', 'CN', 20, '2017-09-30');
create table reference.industry(code varchar, section varchar);
insert into reference.industry values ('A', 'A'), ('0111', 'A'), ('6513', 'I');
create table guarantees.institution(
    guarantor_id varchar, jurisdiction varchar, legal_name varchar, province2 varchar, leverage_cap integer);
create table guarantees.institution_quarter(
    guarantor_id varchar, period varchar, net_assets_cny decimal(20, 2), equity_in_guarantors_cny decimal(20, 2),
    weighted_liability_cny decimal(20, 2), leverage_ratio decimal(12, 6), largest_client_cny decimal(20, 2),
    largest_group_cny decimal(20, 2), released_period_cny decimal(20, 2), compensated_period_cny decimal(20, 2),
    recovered_period_cny decimal(20, 2));
create table guarantees.contract(
    contract_id varchar, guarantor_id varchar, client_organization_id varchar, client_name varchar,
    client_group varchar, creditor_name varchar, creditor_institution_id varchar, creditor_organization_id varchar,
    jurisdiction varchar default 'CN', currency varchar default 'CNY', principal_amount decimal(20, 2),
    balance_amount decimal(20, 2), share_bank_ratio decimal(9, 6), ends_on date default '2027-02-28',
    risk_weight_ratio decimal(9, 6), industry varchar, status varchar default '在保',
    report_period varchar default '2026-06');
create table guarantees.compensation(
    contract_id varchar, paid_on date, currency varchar default 'CNY', amount decimal(20, 2),
    recovered_amount decimal(20, 2));
create table guarantees.bank_cooperation(
    guarantor_id varchar, institution_id varchar, period varchar, bank_name varchar, bank_share_ratio decimal(9, 6),
    valid_to date);
create table organizations.organization(organization_id varchar, legal_name varchar);
insert into guarantees.institution values
    ('a', 'CN', '甲担保', '33', 10), ('b', 'CN', '乙担保', '33', 15), ('c', 'CN', '丙担保', '32', 10),
    ('US:SBA', 'US', 'SBA', null, null);
"""


@pytest.fixture
def release() -> duckdb.DuckDBPyConnection:
    """An empty release with four guarantors."""
    connection = duckdb.connect()
    connection.execute(RELEASE)
    return connection


def ask(release: duckdb.DuckDBPyConnection, number: int, **told: str) -> list[dict[str, Any]]:
    """The rows a question gives."""
    question = questions()[number]
    found = release.execute(question.sql, question.values(told, NIGHT))
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_leverage_against_the_own_cap(release: duckdb.DuckDBPyConnection) -> None:
    """42.1 亿 over 4.5 亿 are 93.6 % of 10 times with 2.9 亿 left, and 62.4 % of 15 times; the weights give the 42.1.

    Only the newest quarter decides; nothing left of the net assets is worse than any share. A quarter that was not
    reported leaves a gap. Who is on no list is there all the same, under the country's cap.
    """
    release.execute("""
        insert into guarantees.institution_quarter by name
        select g as guarantor_id, p as period, 500000000 as net_assets_cny, 50000000 as equity_in_guarantors_cny,
            4210000000 as weighted_liability_cny, l as leverage_ratio
        from (values ('a', '2026Q2', 9.355556), ('a', '2026Q1', 9.1), ('a', '2025Q4', 8.0), ('a', '2025Q2', 7.0),
            ('a', '2025Q3', 7.5), ('b', '2026Q2', 9.355556), ('c', '2025Q4', 9.355556),
            ('unlisted', '2026Q2', 9.355556),
            ('unlisted', '2025Q4', 6.0), ('unlisted', '2025Q3', 5.0)) as v(g, p, l);
        insert into guarantees.institution_quarter by name
        select 'c' as guarantor_id, '2026Q1' as period, 10 as net_assets_cny, 10 as equity_in_guarantors_cny,
            1 as weighted_liability_cny;
        insert into guarantees.contract by name select k as contract_id, 'a' as guarantor_id, b * 1e8 as balance_amount,
            w as risk_weight_ratio, s as status
        from (values ('1', 30, 0.75, '在保'), ('2', 10, 1, '在保'), ('3', 12, 0.8, '在保'),
            ('4', 99, 1, '解除')) as v(k, b, w, s);
    """)
    none_left, near, unlisted = ask(release, 1)
    assert (none_left["guarantor_id"], none_left["share_of_cap"], none_left["headroom_cny"]) == ("c", None, -1)
    assert near["guarantor"] == "甲担保"
    assert near["share_of_cap"] == pytest.approx(0.9356)
    assert near["headroom_cny"] == Decimal(290_000_000)
    assert [near[f"leverage_{number}_before"] for number in (1, 2, 3)] == [Decimal("9.1"), 8, Decimal("7.5")]
    assert near["weighted_contracts_cny"] == Decimal(4_210_000_000)
    assert (unlisted["guarantor_id"], unlisted["guarantor"], unlisted["leverage_cap"]) == ("unlisted", None, 10)
    assert [unlisted[f"leverage_{number}_before"] for number in (1, 2, 3)] == [None, 6, 5]
    wider = ask(release, 1, share="0.6", province="33")
    assert [(row["guarantor_id"], row["share_of_cap"]) for row in wider] == [("a", 0.9356), ("b", 0.6237)]


def test_clients_and_groups_above_the_limits(release: duckdb.DuckDBPyConnection) -> None:
    """0.46 亿 are 9.2 % of 5 亿, which is allowed; with 0.35 亿 of a related client 16.2 %, which is not."""
    release.execute("""
        insert into guarantees.institution_quarter by name
        select 'a' as guarantor_id, '2026Q2' as period, 500000000 as net_assets_cny, 46000000 as largest_client_cny,
            81000000 as largest_group_cny;
        insert into guarantees.institution_quarter by name
        select 'b' as guarantor_id, '2026Q2' as period, 100 as net_assets_cny, 11 as largest_client_cny;
        insert into guarantees.contract by name
        select k as contract_id, 'a' as guarantor_id, o as client_organization_id, '客户' || o as client_name,
            '某集团' as client_group, b as balance_amount, s as status
        from (values ('1', 'x', 46000000, '在保'), ('2', 'y', 30000000, '在保'), ('3', 'y', 5000000, '在保'),
            ('4', 'z', 90000000, '解除')) as v(k, o, b, s);
    """)
    found = [(row["guarantor_id"], row["kind"], row["who"], row["said_by"], row["share"]) for row in ask(release, 2)]
    assert found == [
        ("a", "group", "某集团", "contracts", 0.162),
        ("a", "group", None, "report", 0.162),
        ("b", "client", None, "report", 0.11),
    ]
    assert ("a", "客户x", 0.092) in [
        (row["guarantor_id"], row["who"], row["share"]) for row in ask(release, 2, client_share="0.09")
    ]


def test_compensation_rates_by_year_and_industry(release: duckdb.DuckDBPyConnection) -> None:
    """0.24 亿 paid of 8 亿 that ended are 3.0 %, which is not above 3 %; falling recovery is marked.

    It falls against the year before, not against an older one; a code without a letter counts with its section.
    """
    release.execute("""
        insert into guarantees.institution_quarter by name
        select g as guarantor_id, p as period, r * 1e8 as released_period_cny, c * 1e8 as compensated_period_cny,
            b * 1e8 as recovered_period_cny
        from (values ('a', '2026Q1', 4, 0.12, 0), ('a', '2026Q2', 4, 0.12, 0), ('b', '2025Q4', 1, 0.1, 0.05),
            ('b', '2026Q1', 1, 0.1, 0.04), ('c', '2024Q1', 1, 0.2, 0.1),
            ('c', '2026Q1', 1, 0.2, 0.01)) as v(g, p, r, c, b);
        insert into guarantees.contract by name select k as contract_id, 'c' as guarantor_id, i as industry,
            100 as principal_amount, s as status
        from (values ('1', 'I6513', '代偿'), ('2', 'I6520', '解除'), ('3', 'C39', '解除'), ('4', '6513', '解除'),
            ('5', '0111', '代偿'), ('6', '9999', '代偿')) as v(k, i, s);
        insert into guarantees.compensation by name
        select k as contract_id, date '2026-06-15' as paid_on, a as amount, 5 as recovered_amount
        from (values ('1', 60), ('5', 30), ('6', 40)) as v(k, a);
    """)
    found = [
        (row["guarantor_id"], row["year"], row["industry"], row["compensation_rate"], row["is_alarming"])
        for row in ask(release, 13)
    ]
    assert found == [
        ("c", 2026, "未知", 0.4, False),
        ("c", 2026, "A", 0.3, False),
        ("c", 2024, "全部", 0.2, False),
        ("c", 2026, "I", 0.2, False),
        ("c", 2026, "全部", 0.2, False),
        ("b", 2025, "全部", 0.1, False),
        ("b", 2026, "全部", 0.1, True),
    ]
    assert ("a", 2026, 0.03) in [
        (row["guarantor_id"], row["year"], row["compensation_rate"]) for row in ask(release, 13, rate="0.029")
    ]


def test_companies_guaranteed_twice(release: duckdb.DuckDBPyConnection) -> None:
    """Two guarantors at once and more than 500 万 together; contracts that ended or are over do not count."""
    release.execute("""
        insert into organizations.organization values ('x', '某公司');
        insert into guarantees.contract by name select k as contract_id, g as guarantor_id, o as client_organization_id,
            b as balance_amount, s as status, e::date as ends_on
        from (values ('1', 'a', 'x', 3000000, '在保', '2027-01-01'), ('2', 'b', 'x', 2000001, '在保', '2026-07-15'),
            ('3', 'a', 'y', 9000000, '在保', '2027-01-01'), ('4', 'b', 'y', 9000000, '在保', '2026-07-14'),
            ('5', 'a', 'z', 2500000, '在保', '2027-01-01'), ('6', 'b', 'z', 2500000, '在保', '2027-01-01'),
            ('7', 'a', 'w', 9000000, '在保', '2027-01-01'), ('8', 'a', 'w', 9000000, '在保', '2027-01-01'),
            ('9', 'b', 'w', 9000000, '代偿', '2027-01-01'), ('10', 'a', null, 9000000, '在保', '2027-01-01'),
            ('11', 'b', null, 9000000, '在保', '2027-01-01')) as v(k, g, o, b, s, e);
    """)
    (row,) = ask(release, 14)
    assert (row["client"], row["guarantors"], row["contracts"], row["exposure_cny"]) == (
        "某公司",
        2,
        2,
        Decimal(5000001),
    )
    assert row["guaranteed_by"] == "乙担保、甲担保"
    assert [row["client_organization_id"] for row in ask(release, 14, total="4999999")] == ["x", "z"]


def test_banks_that_share_little(release: duckdb.DuckDBPyConnection) -> None:
    """A bank is below 20 % by its contracts, by balance, or by what was agreed last; the US is asked for by name.

    What was agreed and has ended does not count. A contract without the bank's code is the bank's by its organization.
    """
    release.execute("""
        insert into guarantees.contract by name
        select k as contract_id, g as guarantor_id, 'CN:' || c as creditor_institution_id,
            c || '银行' as creditor_name, r as share_bank_ratio, b as balance_amount, j as jurisdiction
        from (values ('1', 'a', 'I', 0.1, 90, 'CN'), ('2', 'a', 'I', 0.3, 10, 'CN'), ('3', 'a', 'J', 0.1, 10, 'CN'),
            ('4', 'a', 'J', 0.3, 90, 'CN'), ('5', 'US:SBA', 'K', 0.1, 1, 'US')) as v(k, g, c, r, b, j);
        insert into guarantees.bank_cooperation values
            ('a', 'CN:J', '2026Q1', 'J银行', 0.1, null), ('a', 'CN:J', '2026Q2', 'J银行', 0.2, null),
            ('b', 'CN:L', '2026Q2', 'L银行', 0, '2026-07-15'), ('c', 'CN:L', '2026Q1', 'L银行', 0, null),
            ('c', 'CN:L', '2026Q2', 'L银行', 0, '2026-07-14');
        insert into financial_institutions.institution values ('CN:I', 'org I'), ('CN:M', null);
        insert into guarantees.contract by name select '6' as contract_id, 'a' as guarantor_id, 'I行' as creditor_name,
            'org I' as creditor_organization_id, 0.1 as share_bank_ratio, 100 as balance_amount;
    """)
    found = [
        (row["guarantor_id"], row["bank"], row["share_by_contracts"], row["share_by_cooperation"])
        for row in ask(release, 15)
    ]
    assert found == [("b", "CN:L", None, 0), ("a", "CN:I", pytest.approx(0.11), None)]
    assert [row["bank"] for row in ask(release, 15, jurisdiction="US")] == ["CN:K"]
