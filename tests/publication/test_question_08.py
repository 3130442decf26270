"""Question 8: unsecured products for technology SMEs at banks with a technology branch."""

from collections.abc import Callable, Iterator
from datetime import date

import duckdb
import pytest

from publication.questions import questions

NIGHT = date(2026, 7, 14)
TABLES = """
create schema financial_institutions;
create table financial_institutions.institution as
select 'CN:' || code as institution_id, 'CN' as jurisdiction, code || '号银行股份有限公司' as legal_name,
    case code when 'D' then '注销' else '在业' end as licence_status
from (values ('A'), ('B'), ('C'), ('D')) as banks(code);
create table financial_institutions.branch as
select 'CN:' || bank as institution_id, city as city_unit, tech as is_tech_branch, state as status from (values
    ('A', '3201', true, '在业'), ('A', '3201', true, '在业'), ('B', '3201', false, '在业'), ('B', '3205', true, '在业'),
    ('C', '3201', true, '注销'), ('D', '3201', true, '在业')
) as branches(bank, city, tech, state);
create table financial_institutions.product as
select 'CN:A:1' as product_id, 1::integer as version, 'CN:A' as institution_id, '科创贷' as product_name,
    0.035::decimal(9, 6) as rate_min, 0.045::decimal(9, 6) as rate_max, 100000::decimal(20, 2) as limit_min_amount,
    5000000::decimal(20, 2) as limit_max_amount, 36::integer as term_max_months, true as has_subsidy,
    '企业' as target, '信用' as category, false as is_guarantee_required, 'CNY' as currency, 'published' as status,
    ['320100', '110000'] as regions, null::date as stated_from, date '9999-12-31' as stated_to,
    date '2026-07-13' as valid_from, null::date as valid_to;
create table financial_institutions.product_criterion (
    product_id varchar, version integer, field varchar, op varchar, value varchar, is_hard boolean);
create table financial_institutions.penalty (
    institution_id varchar, party_name varchar, reason varchar, decided_on date, published_on date);
"""
ANSWERS = [("CN:A:1",)]

Ask = Callable[..., list[tuple[str]]]


@pytest.fixture
def ask() -> Iterator[Ask]:
    """The product_ids of the answer, after some SQL on a release in which bank A has one product that counts."""
    with duckdb.connect() as release:
        release.execute(TABLES)
        question = questions()[8]

        def answer(sql: str = "", **given: str) -> list[tuple[str]]:
            if sql:
                release.execute(sql)
            values = question.values(given, NIGHT)
            return release.execute(f"select product_id from ({question.sql})", values).fetchall()

        yield answer


def change(to: str) -> str:
    return f"update financial_institutions.product set {to}"


def asks(op: str, value: str, is_hard: bool = True) -> str:
    return f"""insert into financial_institutions.product_criterion
        values ('CN:A:1', 1, 'qualification', '{op}', '{value}', {is_hard})"""


def penalized(
    party: str, reason: str, day: str | None, institution: str = "null", published: str = "2026-07-14"
) -> str:
    decided = f"date '{day}'" if day else "null"
    return f"""insert into financial_institutions.penalty
        values ({institution}, '{party}', '{reason}', {decided}, date '{published}')"""


@pytest.mark.parametrize("place", ["any", "3201"])
def test_the_product_of_a_bank_with_a_technology_branch(ask: Ask, place: str) -> None:
    assert ask(prefecture=place) == ANSWERS


def test_no_technology_branch_in_the_prefecture(ask: Ask) -> None:
    assert ask(prefecture="3205") == []


@pytest.mark.parametrize("bank", ["B", "C", "D"])
def test_banks_without_an_open_technology_branch_there(ask: Ask, bank: str) -> None:
    """B's branch there is no technology branch, C's is closed, D has lost its licence."""
    assert ask(change(f"institution_id = 'CN:{bank}'"), prefecture="3201") == []


@pytest.mark.parametrize(
    "to",
    [
        "category = '抵押'",
        "is_guarantee_required = true",
        "limit_max_amount = 5000000.01",
        "target = '个体'",
        "status = 'offline'",
        "regions = ['320500']",
        "stated_to = date '2026-07-13'",
        "stated_from = date '2026-07-15'",
        "valid_to = date '2026-07-14'",
        "valid_from = date '2026-07-15'",
    ],
)
def test_products_that_do_not_count(ask: Ask, to: str) -> None:
    assert ask(change(to)) == []


@pytest.mark.parametrize("to", ["regions = []", "regions = null", "regions = ['320000']", "regions = ['320105']"])
def test_products_offered_there(ask: Ask, to: str) -> None:
    """Everywhere, in the province, or in a part of the prefecture."""
    assert ask(change(to)) == ANSWERS


def test_as_it_stood_on_an_earlier_night(ask: Ask) -> None:
    assert ask(change("valid_to = date '2026-07-14'"), as_of="2026-07-13") == ANSWERS


@pytest.mark.parametrize(
    ("criterion", "is_open"),
    [
        (asks("=", "科技型中小"), True),
        (asks("in", '["高企","科技型中小"]'), True),
        (asks("exists", ""), True),
        (asks("=", "高企"), False),
        (asks("in", "高企、小巨人"), False),
        (asks("not_in", "科技型中小"), False),
        (asks("=", "高企", is_hard=False), True),
        (asks("=", "科技型中小") + ";" + asks("=", "高企"), False),
    ],
)
def test_a_criterion_on_qualifications(ask: Ask, criterion: str, is_open: bool) -> None:
    assert ask(criterion) == (ANSWERS if is_open else [])


@pytest.mark.parametrize(
    ("penalty", "is_left_out"),
    [
        (penalized("A号银行股份有限公司", "贷款三查不到位", "2025-07-15", "'CN:A'"), True),
        (penalized("A号银行股份有限公司南京分行", "授信管理不到位", "2026-07-14"), True),
        (penalized("A号银行股份有限公司", "贷款三查不到位", "2025-07-14", "'CN:A'"), False),
        (penalized("A号银行股份有限公司", "贷款三查不到位", "2026-07-15", "'CN:A'"), False),
        (penalized("A号银行股份有限公司", "反洗钱不到位", "2026-07-01", "'CN:A'"), False),
        (penalized("A号银行股份有限公司", "贷款三查不到位", None, "'CN:A'", "2025-07-15"), True),
        (penalized("A号银行股份有限公司", "贷款三查不到位", None, "'CN:A'", "2025-07-14"), False),
        (penalized("B号银行股份有限公司", "贷款三查不到位", "2026-07-01", "'CN:B'"), False),
    ],
)
def test_banks_penalized_for_lending_are_left_out(ask: Ask, penalty: str, is_left_out: bool) -> None:
    assert ask(penalty) == ([] if is_left_out else ANSWERS)


def test_the_cheapest_comes_first(ask: Ask) -> None:
    copy = (
        "insert into financial_institutions.product by name select * replace ('CN:A:{}' as product_id, {} as rate_min)"
    )
    more = ";".join(
        f"{copy.format(number, rate)} from financial_institutions.product where product_id = 'CN:A:1'"
        for number, rate in ((2, "null"), (3, "0.03"))
    )
    assert ask(more) == [("CN:A:3",), ("CN:A:1",), ("CN:A:2",)]
