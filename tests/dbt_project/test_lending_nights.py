"""Made-up nights of banks through the real models: what stands, what was, what is withheld, however it is built."""

from datetime import date
from typing import Any

import pytest
from lending_world import BANK, GONE, NIGHTS, OTHER, SAID
from listing_build import Dbt
from record_build import Records

ENTITIES = ["financial_institution", "bank_branch", "financial_product", "financial_penalty"]
PUBLISHED = [f"financial_institutions.{name}" for name in ("institution", "branch", "product", "product_criterion")]
PUBLISHED += ["financial_institutions.penalty", *(f"quarantine.{entity}" for entity in ENTITIES)]
PUBLISHED += [f"organizations.{name}" for name in ("organization", "name", "identifier", "role")]
PUBLISHED += ["quality.row_balance"]
ASKED = {
    "withheld": "select rule, reason from quarantine.financial_product order by rule",
    "shown": "select version, dq_status from financial_institutions.product where product_no = 'P3' and is_current",
    "party": "select institution_id from financial_institutions.penalty where penalty_id = '2:1'",
}
Seen = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def nights(dbt: Dbt, tmp_path_factory: pytest.TempPathFactory) -> tuple[Records, list[Seen]]:
    """A build file that has lived through the nights, and what it showed after each.

    The ledger balanced on each of them, or the build had failed.
    """
    records = Records(tmp_path_factory.mktemp("lending"), dbt)
    seen = []
    for night in NIGHTS:
        records.night(night, SAID[night])
        seen.append({name: records.query(sql) for name, sql in ASKED.items()})
    return records, seen


@pytest.fixture(scope="module")
def lived(nights: tuple[Records, list[Seen]]) -> Records:
    """The build file after the last night."""
    return nights[0]


@pytest.fixture(scope="module")
def at_once(lived: Records, tmp_path_factory: pytest.TempPathFactory) -> Records:
    """A build file made of all nights on the last."""
    return lived.at_once(tmp_path_factory.mktemp("at_once"))


@pytest.mark.parametrize("table", PUBLISHED)
def test_night_by_night_ends_as_one_full_build_does(lived: Records, at_once: Records, table: str) -> None:
    rows = lived.query(f"from {table}")
    assert rows
    assert sorted(rows, key=repr) == sorted(at_once.query(f"from {table}"), key=repr)


def test_the_newest_list_says_who_is_licensed(lived: Records) -> None:
    """Late and corrected lists of earlier days change what they say of their own day, and nothing of the newest."""
    found = lived.query("""
        select nfra_code, legal_name, licence_status, list_as_of, first_seen_on
        from financial_institutions.institution where jurisdiction = 'CN' order by nfra_code
    """)
    assert found == [
        (BANK, "1号银行股份有限公司", "在业", date(2026, 6, 30), NIGHTS[0]),
        (OTHER, "9号银行股份有限公司南京分行", "在业", date(2026, 6, 30), NIGHTS[0]),
        (GONE, "三号银行股份有限公司", "注销", date(2025, 12, 31), NIGHTS[0]),
    ]


def test_the_newest_list_says_which_branches_are_open(lived: Records) -> None:
    found = lived.query("""
        select right(branch_id, 1), branch_name, status, list_period from financial_institutions.branch order by 1
    """)
    assert found == [
        ("1", "南京新1支行", "在业", "2026Q2"),
        ("2", "南京旧2支行", "注销", "2026Q1"),
        ("3", "南京3支行", "注销", "2026Q1"),
        ("5", "南京5支行", "在业", "2026Q2"),
        ("6", "南京6支行", "注销", "2026Q1"),
    ]


def test_a_product_has_a_version_for_everything_new_it_says(lived: Records) -> None:
    """P1 moved its time stamp only, P2 its rate, P3 was withheld for a night, P4 was gone for one."""
    found = lived.query("""
        select product_no, version, rate_max, limit_max_amount, status, valid_from, valid_to, is_current, dq_status
        from financial_institutions.product where jurisdiction = 'CN' order by product_no, version
    """)
    first, second, third = NIGHTS
    rate, lower = found[0][2], found[2][2]
    assert [str(rate), str(lower)] == ["0.045000", "0.040000"]
    assert found == [
        ("P1", 1, rate, 5000000, "published", first, None, True, "pass"),
        ("P2", 1, rate, 5000000, "published", first, second, False, "pass"),
        ("P2", 2, lower, 5000000, "published", second, None, True, "pass"),
        ("P3", 1, rate, 5000000, "published", first, third, False, "pass"),
        ("P3", 2, rate, 3000000, "published", third, None, True, "pass"),
        ("P4", 1, None, 5000000, "published", first, second, False, "warn"),
        ("P4", 2, None, 5000000, "withdrawn", second, third, False, "warn"),
        ("P4", 3, rate, 5000000, "published", third, None, True, "pass"),
    ]


def test_the_same_product_stands_under_each_of_its_brands(lived: Records) -> None:
    found = lived.query("""
        select product_id, is_current, status from financial_institutions.product
        where jurisdiction = 'AU' order by product_id, version
    """)
    assert found == [
        ("AU:b1:other", False, "published"),
        ("AU:b1:other", False, "withdrawn"),
        ("AU:b1:same id", True, "published"),
        ("AU:b2:same id", True, "published"),
    ]


def test_a_penalty_keeps_its_institution_when_that_takes_another_name(lived: Records) -> None:
    """OTHER was renamed after the first decision; the second was taken back."""
    found = lived.query("select penalty_id, party_name, institution_id from financial_institutions.penalty")
    assert found == [("1:1", "2号银行股份有限公司", f"CN:{OTHER}")]


def test_what_is_withheld_comes_back_when_it_is_mended(nights: tuple[Records, list[Seen]]) -> None:
    """The party of the second decision was nobody's name until OTHER took it on the second night."""
    _, second, third = nights[1]
    never_mended = ("target_unknown", "target: expected 企业, 个体 or 团队, got 个人")
    assert second["withheld"] == [
        ("category_unknown", "category: expected a word of reference.product_category_map, got 月光贷"),
        never_mended,
    ]
    assert (second["shown"], second["party"]) == ([(1, "warn")], [(f"CN:{OTHER}",)])
    assert (third["withheld"], third["shown"]) == ([never_mended], [(2, "pass")])


def test_organizations_are_known_by_their_numbers_and_names(lived: Records) -> None:
    """Brands of one legal person are one organization; the bank role is everybody's who is licensed as one."""
    found = lived.query(
        """
        select i.institution_id, o.legal_name, n.id_type, n.id_value, r.role
        from financial_institutions.institution as i
        join organizations.organization as o using (organization_id)
        join organizations.identifier as n using (organization_id)
        join organizations.role as r using (organization_id)
        where i.jurisdiction = 'AU' or i.nfra_code = '"""
        + BANK
        + """' order by 1
    """
    )
    assert found == [
        ("AU:b1", "Big Bank", "ABN", "33007457141", "bank"),
        ("AU:b2", "Big Bank", "ABN", "33007457141", "bank"),
        (f"CN:{BANK}", "1号银行股份有限公司", "NFRA15", BANK, "bank"),
    ]
    brands = lived.query("select name from organizations.name where name_type = '品牌' order by name")
    assert brands == [("Brand 1",), ("Brand 2",)]
