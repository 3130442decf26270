"""Real lenders and loans, night after night: Australia's products, the SBA's loans, NFRA's list of banks.

The whole pipeline, from the answers and files as they came to the published release, against figures counted from the
stored files.
"""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from extractors.core.archive import Archive, Attempt, Outcome
from extractors.core.changes import ChangeLog
from extractors.core.clock import Clock
from extractors.core.spec import all_specs
from pipeline.night import Night, Report
from pipeline.settings import Settings
from publication import publish
from tests.conftest import UPSTREAM
from tests.installation import Begun

BANKS = UPSTREAM / "data" / "ref" / "nfra_commercial_banks_2025-12-31.csv"
# What is asked on each night. The SBA's file is of 2023; on the last night nothing but the list of banks is new, yet
# the others are asked as well: no source may be older than it says.
ASKED = {
    "2022-06-01": "cdr",
    "2024-04-14": "cdr,sba",
    "2024-04-15": "cdr,sba",
    "2026-07-13": "cdr,sba,nfra_institutions",
}
NIGHTS = tuple(ASKED)
Query = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def reports(
    box: Callable[..., Any],
    new_clock: Callable[[], Clock],
    tmp_path_factory: pytest.TempPathFactory,
    begun_with: Begun,
) -> dict[str, Report]:
    """The nights, all published; NFRA's list is delivered on the last."""
    serving = box(NIGHTS[0])
    data = tmp_path_factory.mktemp("real")
    shutil.copytree(begun_with.empty, data / "build")
    done = {}
    for night in NIGHTS:
        serving.go_to(night)
        if night == NIGHTS[-1]:
            inbox = data / "inbox" / "nfra_institutions"
            inbox.mkdir(parents=True)
            shutil.copy(BANKS, inbox / "nfra_institutions_2025-12-31.csv")
        settings = Settings(data_dir=data, upstream=serving.address, http_timeout=10, sources=ASKED[night])
        done[night] = Night(settings, date.fromisoformat(night), new_clock()).run()
    return done


@pytest.fixture(scope="module")
def query(reports: dict[str, Report]) -> Iterator[Query]:
    """Asks the last release."""
    path = reports[NIGHTS[-1]].release.path
    with duckdb.connect(str(path / "fsdb.duckdb"), read_only=True) as con:
        yield lambda sql: con.execute(sql).fetchall()


@dataclass(frozen=True)
class Crawled:
    """What was kept of the answers of Australia's holders."""

    settings: Settings

    @property
    def archive(self) -> Archive:
        return Archive(self.settings.raw)

    def attempt(self, night: str, name: str = "product") -> Attempt:
        attempt = self.archive.last("cdr", name, date.fromisoformat(night))
        assert attempt
        return attempt

    def outcome(self, night: str) -> Outcome:
        return self.attempt(night).outcome

    def records(self, night: str, name: str = "product") -> list[dict[str, Any]]:
        return pq.read_table(self.attempt(night, name).records()).to_pylist()

    def listed(self, night: str) -> Iterator[str]:
        """The category of every product in the lists of a night, counted in the kept answers."""
        path = self.attempt(night).folder / "payloads.parquet"
        for row in pq.read_table(path, columns=["url", "body", "status"]).to_pylist():
            if "/banking/products?" in row["url"] and row["status"] == 200:
                yield from (entry["productCategory"] for entry in json.loads(row["body"])["data"]["products"])

    def changes(self, night: str) -> tuple[int, int, int]:
        """How many products a night added, changed and removed."""
        spec, until = all_specs()["cdr"], date.fromisoformat(night)
        resource = spec.resources["product"]
        log = ChangeLog(self.settings.changes, self.archive, "cdr", "product", resource, spec.address)
        (found,) = [entry.basis for entry in log.update(until) if entry.basis.run_date == until]
        return found.added, found.changed, found.removed


@pytest.fixture(scope="module")
def crawled(reports: dict[str, Report]) -> Crawled:
    """The archive of the nights."""
    return Crawled(Settings(data_dir=reports[NIGHTS[-1]].release.path.parents[1]))


@pytest.mark.parametrize("night", NIGHTS[:3])
def test_a_real_date_comes_with_its_true_figures(night: str, crawled: Crawled, upstream_truth: dict[str, Any]) -> None:
    """Lists with products, empty ones, broken holders, products listed and distinct, and by category."""
    outcome, true = crawled.outcome(night), upstream_truth["cdr"]["dates"][night]
    brands = crawled.attempt(night, "brand").outcome
    assert (brands.is_good, brands.warnings) == (True, [])
    named = {row["brand_id"] for row in crawled.records(night, "brand")}
    assert len(crawled.records(night, "brand")) == true["brands"]
    came = Counter(bool(count.records) for part, count in outcome.parts.items() if part in named)
    assert came == {True: true["lists_with_products"], False: true["empty_lists"]}
    assert len(outcome.broken) == sum(true["error_answers"].values()) + true["brands_without_stored_answer"]
    assert (outcome.fetched, outcome.records) == (true["products"], true["distinct_brand_product"])
    assert outcome.duplicates == true["products"] - true["distinct_brand_product"]
    assert Counter(crawled.listed(night)) == true["by_category"]


def test_changes_between_two_real_days_are_the_true_ones(crawled: Crawled, upstream_truth: dict[str, Any]) -> None:
    """What a failing holder did not say is not removed, what is new is added, and content may change in silence."""
    true = upstream_truth["cdr"]["changes"]["2024-04-14 -> 2024-04-15"]
    added, changed, removed = crawled.changes("2024-04-15")
    assert (added, removed) == (true["added"], true["gone"])
    assert changed >= true["last_updated_changed"]


def test_brands_that_left_the_register_are_withdrawn(crawled: Crawled, upstream_truth: dict[str, Any]) -> None:
    """The register says who there is: all ids of 2022 are gone in 2024, and their products with them."""
    true = upstream_truth["cdr"]
    gone = true["changes"]["2022-06-01 -> 2024-04-14"]["gone"]
    assert crawled.changes("2024-04-14") == (true["dates"]["2024-04-14"]["distinct_brand_product"], 0, gone)
    warnings = crawled.outcome("2024-04-14").warnings
    assert any("no longer named by the source" in warning for warning in warnings)


def test_a_detail_that_fails_leaves_what_the_list_says(crawled: Crawled) -> None:
    """The product stays, with the columns of the list, and the outcome says so."""
    warnings = crawled.outcome("2024-04-14").warnings
    (said,) = [warning for warning in warnings if warning.startswith("MOVE Bank")]
    assert "1 products without detail, kept as listed: Express_Saver" in said
    rows = [row for row in crawled.records("2024-04-14") if row["productId"] == "Express_Saver"]
    assert {bool(row["name"] and row["productCategory"]) for row in rows} == {True}


def as_of(what: str, day: str) -> str:
    """A query on the Australian products as they stood on a stored day."""
    return f"""
        select {what} from financial_institutions.product
        where jurisdiction = 'AU' and status = 'published' and valid_from <= date '{day}'
            and (valid_to is null or valid_to > date '{day}')
    """


@pytest.mark.parametrize(("day", "loans"), [("2022-06-01", 287), ("2024-04-14", 390), ("2024-04-15", 396)])
def test_every_product_is_there_on_its_day(query: Query, upstream_truth: dict[str, Any], day: str, loans: int) -> None:
    """One a brand and product id, whichever holders failed. What a detail says of its category counts."""
    told = upstream_truth["cdr"]["dates"][day]
    assert query(as_of("count(*)", day)) == [(told["distinct_brand_product"],)]
    assert told["by_category"]["BUSINESS_LOANS"] == loans


def test_holders_that_fail_are_named_and_withdraw_nothing(reports: dict[str, Report]) -> None:
    """8 of 112 brands did not come whole in 2022, 4 of 120 in 2024."""
    for night, failed, brands in ((NIGHTS[0], 8, 112), (NIGHTS[2], 4, 120)):
        fetched = next(one for one in reports[night].fetched if one.source == "cdr")
        outcome = next(one for one in fetched.outcomes if one.resource == "product")
        assert outcome.status == "partial"
        assert str(outcome.message).startswith(f"{failed} of {brands} parts did not come whole: ")


def test_a_day_brings_new_products_and_takes_none(query: Query) -> None:
    """66 more; what is there goes on in the version it had, unless something that is published changed."""
    assert query(as_of("count(*) filter (version = 1 and valid_from = date '2024-04-15')", "2024-04-15")) == [(66,)]
    withdrawn = "select valid_from, count(*) from financial_institutions.product where status = 'withdrawn' group by 1"
    assert [night for night, _ in query(withdrawn)] == [date(2024, 4, 14)], "with the brands that left"
    rewritten = query("""
        select count(*) from financial_institutions.product as later
        join financial_institutions.product as earlier using (product_id)
        where later.version = earlier.version + 1 and later.row_hash = earlier.row_hash
    """)
    assert rewritten == [(0,)]


def test_real_slips_are_flagged_and_not_read(query: Query) -> None:
    """A rate of 18 or 14.95 is a percent slip, an empty one no number, 0 that of no loan.

    No limit below 100 dollars or of nines is shown, and an offer that had ended before it was seen is marked.
    """
    flagged = "rate_flag, count(*), count(rate_min), list(distinct rate_raw order by rate_raw)[1]"
    found = query(as_of(flagged, "2024-04-14") + " and rate_flag is not null group by rate_flag order by 1")
    assert found == [("percent_slip", 5, 0, "14.95"), ("unreadable", 3, 0, "0.0835, 0.1043"), ("zero", 10, 0, "0.0")]
    small = "^(MIN_LIMIT [0-9.]+; )?(MAX_LIMIT [0-9]{1,2}([.][0-9]+)?(; )?)+$"
    unusable = f"regexp_matches(limit_raw, '{small}|MAX_LIMIT 9999999999.99$')"
    shown = as_of("count(*), count(limit_max_amount), min(dq_status)", "2024-04-14") + f" and ({unusable})"
    assert query(shown) == [(17, 0, "warn")]
    ended = as_of("count(*), min(dq_status)", "2024-04-14")
    first_seen = (
        "(select min(valid_from) from financial_institutions.product as one where one.product_id = product.product_id)"
    )
    assert query(f"{ended} and stated_to < {first_seen}") == [(41, "warn")]


def test_every_bank_of_the_list_is_there(query: Query) -> None:
    """6 state-owned, 12 joint-stock and 19 private banks among 203."""
    found = query("""
        select fi_type, count(*) from financial_institutions.institution
        where jurisdiction = 'CN' and licence_status = '在业' and list_as_of = date '2025-12-31'
        group by fi_type
    """)
    counts = {"国有大型": 6, "股份制": 12, "民营": 19, "城商行": 123, "外资法人": 41, "住房储蓄": 1, "直销": 1}
    assert dict(found) == counts
    assert sum(counts.values()) == 203


def test_every_loan_of_the_sba_is_a_contract(query: Query, upstream_truth: dict[str, Any]) -> None:
    """Sums and statuses are those of the file; borrowers that are persons have no name."""
    told = upstream_truth["sba"]
    (sums,) = query(
        "select count(*), sum(principal_amount), sum(charged_off_amount),"
        " sum(principal_amount * share_guarantor_ratio),"
        " max(abs(share_guarantor_ratio + share_bank_ratio - 1)) from guarantees.contract"
    )
    assert sums[:3] == (told["rows"], Decimal(told["GrAppv"]), Decimal(told["ChgOffPrinGr"]))
    # Shares are rounded, amounts are not.
    assert sums[3] == pytest.approx(Decimal(told["SBA_Appv"]), abs=1000)
    assert sums[4] == 0
    status = {"P I F": "解除", "CHGOFF": "代偿", "": None}
    counts = query("select status, count(*) from guarantees.contract group by all")
    assert dict(counts) == {status[word]: count for word, count in told["MIS_Status"].items()}
    persons = "select count(*) from guarantees.contract where client_name is null and client_organization_id is null"
    assert query(persons) == [(693,)]


def test_spellings_of_real_lenders_fall_together(query: Query) -> None:
    """1,134 spellings are 1,121 lenders, and every contract that names one leads to it."""
    lenders = query(
        "select count(distinct creditor_name), count(distinct creditor_organization_id),"
        " count(*) filter ((creditor_name is null) <> (creditor_organization_id is null)) from guarantees.contract"
    )
    assert lenders == [(1_134, 1_121, 0)]
    of_one = "select count(distinct creditor_organization_id) from guarantees.contract where creditor_name in (?)"
    names = "'COMMUNITY BK & TR CO', 'COMMUNITY BANK & TRUST COMPANY'"
    assert query(of_one.replace("?", names)) == [(1,)]


def test_the_agency_is_a_guarantor_and_an_organization(query: Query) -> None:
    found = query("""
        select guarantor_id, legal_name, leverage_cap, institution.first_seen_on, organization.visibility
        from guarantees.institution join organizations.organization using (organization_id, legal_name)
    """)
    assert found == [("US:SBA", "U.S. Small Business Administration", None, date(2024, 4, 14), "public")]


def test_nothing_real_is_withheld_and_every_night_balances(query: Query, reports: dict[str, Report]) -> None:
    for table in ("financial_institution", "financial_product", "guarantee_contract"):
        assert query(f"select rule, reason from quarantine.{table}") == []
    for report in reports.values():
        assert not [found for found in report.gate.failures if found.severity == "critical"]
        with duckdb.connect(str(report.release.path / "fsdb.duckdb"), read_only=True) as con:
            uneven = con.execute("""
                select * from quality.row_balance
                where records <> staged + quarantined or staged <> conformed + merged
                    or published <> conformed + carried
            """).fetchall()
        assert uneven == []


def test_the_public_edition_has_no_borrower(reports: dict[str, Report]) -> None:
    """Contracts are internal: neither they nor the names in them are in what everybody may see."""
    folder = publish.path_of(reports[NIGHTS[-1]].release.path.parent, None) / "editions" / "public"
    assert (folder / "financial_institutions" / "product.parquet").is_file()
    assert not (folder / "guarantees" / "contract.parquet").exists()
    with duckdb.connect(str(folder / "fsdb.duckdb"), read_only=True) as con:
        names = con.execute("select count(*) from organizations.role where role in ('client', 'creditor')").fetchall()
    assert names == [(0,)]
