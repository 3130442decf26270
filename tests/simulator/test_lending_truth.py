"""The truth of the lending databases: what was delivered and read, with what became of the dirt, and the answers."""

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from test_register import passes
from typer.testing import CliRunner

from simulator.__main__ import app
from simulator.lending.answers import Answers
from simulator.lending.calendar import OPENING
from simulator.lending.columns import COLUMNS
from simulator.lending.delivered import Delivered
from simulator.lending.dirt import Fate
from simulator.lending.economy import Lending
from simulator.lending.truth import Rows, tables
from simulator.vocabulary import PEOPLE

NIGHTS = [OPENING + dt.timedelta(days=day) for day in range(4)]


@pytest.fixture(scope="module")
def told(lending: Lending) -> dict[dt.date, dict[str, Rows]]:
    """The truth of the first four nights."""
    return {night: tables(Delivered(lending, night)) for night in NIGHTS}


def by(rows: Rows, *key: str) -> dict[Any, dict[str, object]]:
    """Rows by their key, which no two of them share."""
    found = {tuple(row[name] for name in key): row for row in rows}
    assert len(found) == len(rows)
    return found


KEYS = {
    "financial_institutions.institution": ("institution_id",),
    "financial_institutions.branch": ("branch_id",),
    "financial_institutions.product": ("product_id", "version"),
    "financial_institutions.product_criterion": ("product_id", "version", "seq"),
    "financial_institutions.penalty": ("penalty_id",),
    "guarantees.institution": ("guarantor_id",),
    "guarantees.institution_quarter": ("guarantor_id", "period"),
    "guarantees.contract": ("contract_id",),
    "guarantees.compensation": ("compensation_id",),
    "guarantees.bank_cooperation": ("guarantor_id", "institution_id", "period"),
}


@pytest.mark.parametrize("table", KEYS)
def test_keys_are_unique_and_every_night_knows_at_least_as_much(
    told: dict[dt.date, dict[str, Rows]], table: str
) -> None:
    """But for the withdrawal of the fourth night, which empties a part."""
    sizes = [len(by(told[night][table], *KEYS[table])) for night in NIGHTS]
    assert sizes[0] > 0
    last = 3 if table == "guarantees.bank_cooperation" else 4
    assert sizes[:last] == sorted(sizes[:last])


def test_relations_hold(told: dict[dt.date, dict[str, Rows]]) -> None:
    """Products, branches and lines belong to listed banks; contracts to guarantors; payments to contracts."""
    for night in NIGHTS:
        known = told[night]
        banks = set(by(known["financial_institutions.institution"], "institution_id"))
        guarantors = set(by(known["guarantees.institution"], "guarantor_id"))
        contracts = set(by(known["guarantees.contract"], "contract_id"))
        for table in ("branch", "product", "penalty"):
            assert {(row["institution_id"],) for row in known[f"financial_institutions.{table}"]} <= banks
        for table in ("institution_quarter", "contract", "bank_cooperation"):
            assert {(row["guarantor_id"],) for row in known[f"guarantees.{table}"]} <= guarantors
        assert {(row["contract_id"],) for row in known["guarantees.compensation"]} <= contracts
        branches = set(by(known["financial_institutions.branch"], "branch_id"))
        parents = {(row["parent_branch_id"],) for row in known["financial_institutions.branch"]}
        assert parents - {(None,)} <= branches


def test_what_is_published_keeps_the_rules(told: dict[dt.date, dict[str, Rows]]) -> None:
    """Codes pass, shares sum to one, limits and rates are in range: what breaks a rule is not in the truth."""
    known = told[NIGHTS[-1]]
    for row in known["guarantees.contract"]:
        assert row["client_uscc"] is None or passes(str(row["client_uscc"]))
        assert row["creditor_name"]
        shares = [row[f"share_{who}_ratio"] for who in ("guarantor", "bank", "reguarantee")]
        assert sum(float(str(share)) for share in shares) == pytest.approx(1)
    for row in known["financial_institutions.product"]:
        assert 0 < int(str(row["limit_max_amount"])) <= 10**9
        assert (row["rate_min"] is None) == (row["rate_flag"] == "percent_slip")
        assert row["rate_max"] is None or 0 < float(str(row["rate_max"])) <= 0.24


def test_withheld_rows_are_not_in_the_truth_and_repaired_ones_are_as_meant(
    told: dict[dt.date, dict[str, Rows]],
) -> None:
    known = told[NIGHTS[0]]
    contracts = by(known["guarantees.contract"], "contract_id")
    withheld = repaired = 0
    for row in known["dirt"]:
        key = (f"CN:{row['sender']}:{row['row_key']}",)
        if (row["resource"], row["period"]) != ("contract", "2026-05") or row["row_key"] is None:
            continue
        if row["fate"] == Fate.QUARANTINED:
            withheld += 1
            # The month before stands, where it speaks of the contract.
            assert key not in contracts or str(contracts[key]["report_period"]) < "2026-05"
        elif row["column"] == "被担保人":
            repaired += 1
            assert contracts[key]["client_name"] == row["meant"] != row["written"]
    assert withheld
    assert repaired


def test_a_retired_region_stands_as_it_was_written(told: dict[dt.date, dict[str, Rows]]) -> None:
    branches = by(told[NIGHTS[0]]["financial_institutions.branch"], "branch_id")
    kept = [
        branches[f"CN:{row['row_key']}",]["region6"] == row["written"] != row["meant"]
        for row in told[NIGHTS[0]]["dirt"]
        if row["kind"] == "retired_region" and row["resource"] == "branch"
    ]
    assert kept
    assert all(kept)


def test_a_refused_file_changes_nothing_and_its_correction_does(told: dict[dt.date, dict[str, Rows]]) -> None:
    """On the second night two files are refused; on the third their corrections are loaded."""

    def status(night: dt.date, event: str) -> list[dict[str, object]]:
        return [row for row in told[night]["quality.delivery"] if row["event"] == event]

    (lie,), (wrong,) = status(NIGHTS[1], "lying_manifest"), status(NIGHTS[1], "wrong_content")
    assert {lie["status"], wrong["status"]} == {"rejected"}
    for night, spoken in ((NIGHTS[1], False), (NIGHTS[2], True)):
        periods = {
            row["report_period"]
            for row in told[night]["guarantees.contract"]
            if row["guarantor_id"] == f"CN:{lie['sender']}"
        }
        assert (lie["period"] in periods) == spoken


def test_a_correction_of_an_old_period_changes_that_period_and_nothing_else(
    told: dict[dt.date, dict[str, Rows]],
) -> None:
    before, after = told[NIGHTS[2]], told[NIGHTS[3]]
    restated = [
        row
        for row in after["quality.delivery"]
        if row["event"] == "corrected_delivery" and row["received_on"] == NIGHTS[3]
    ]
    sender = {str(row["resource"]): f"CN:{row['sender']}" for row in restated}
    old, new = (by(known["guarantees.institution_quarter"], "guarantor_id", "period") for known in (before, after))
    assert {key for key in old if old[key] != new[key]} == {(sender["quarter"], "2026Q1")}
    old, new = (by(known["guarantees.contract"], "contract_id") for known in (before, after))
    changed = {key for key in old if old[key] != new[key] and new[key]["report_period"] == old[key]["report_period"]}
    assert changed
    assert {(new[key]["guarantor_id"], new[key]["report_period"]) for key in changed} == {
        (sender["contract"], "2026-04")
    }


def test_a_late_quarter_is_added_and_a_withdrawn_part_is_gone(told: dict[dt.date, dict[str, Rows]]) -> None:
    (late,) = [row for row in told[NIGHTS[2]]["quality.delivery"] if row["event"] == "late_delivery"]
    key = (f"CN:{late['sender']}", late["period"])
    quarters = [by(told[night]["guarantees.institution_quarter"], "guarantor_id", "period") for night in NIGHTS]
    assert [key in known for known in quarters] == [False, False, True, True]
    (gone,) = [row for row in told[NIGHTS[3]]["quality.delivery"] if row["event"] == "withdrawn_delivery"]
    lines = [
        {
            row["period"]
            for row in told[night]["guarantees.bank_cooperation"]
            if row["guarantor_id"] == f"CN:{gone['sender']}"
        }
        for night in NIGHTS
    ]
    assert gone["period"] in lines[2]
    assert gone["period"] not in lines[3]


def test_products_have_one_current_version_until_they_are_withdrawn(lending: Lending) -> None:
    """A silent change and a withdrawal are seen on the next full reading, seven nights after the first."""
    known = tables(Delivered(lending, OPENING + dt.timedelta(days=15)))["financial_institutions.product"]
    current: dict[object, int] = {}
    gone = set()
    for row in known:
        current[row["product_id"]] = current.get(row["product_id"], 0) + bool(row["is_current"])
        if row["status"] == "withdrawn":
            gone.add(row["product_id"])
            assert row["valid_from"] in {OPENING + dt.timedelta(days=7), OPENING + dt.timedelta(days=14)}
    assert gone
    assert all(count == (product not in gone) for product, count in current.items())
    assert {row["version"] for row in known} >= {1, 2, 3}


def test_natural_persons_are_in_no_table(told: dict[dt.date, dict[str, Rows]]) -> None:
    text = "".join(str(value) for rows in told[NIGHTS[-1]].values() for row in rows for value in row.values())
    assert [person for person in PEOPLE if person in text] == []


def test_answers_are_what_their_question_asks(lending: Lending, told: dict[dt.date, dict[str, Rows]]) -> None:
    known = told[NIGHTS[-1]]
    answers = Answers(Delivered(lending, NIGHTS[-1]), known).all()
    quarters = by(known["guarantees.institution_quarter"], "guarantor_id", "period")
    for row in answers["question_01"]:
        quarter = quarters[row["guarantor_id"], row["period"]]
        assert float(str(quarter["leverage_ratio"])) / int(str(row["leverage_cap"])) >= 0.9
    for row in answers["question_14"]:
        contracts = [
            contract
            for contract in known["guarantees.contract"]
            if contract["client_name"] == row["client_name"]
            and contract["status"] == "在保"
            and contract["ends_on"] >= NIGHTS[-1]
        ]
        assert sum(int(str(contract["balance_amount"])) for contract in contracts) == row["exposure_cny"]
        assert len({contract["guarantor_id"] for contract in contracts}) > 1
    rates = [(row["city_unit"], row["rate_min"]) for row in answers["question_08"] if row["rate_min"]]
    assert rates == sorted(rates, key=lambda pair: (str(pair[0]), float(str(pair[1]))))
    assert [name for name, rows in answers.items() if not rows] in ([], ["question_13_alerts"])


def test_every_table_has_the_columns_that_are_declared(lending: Lending, told: dict[dt.date, dict[str, Rows]]) -> None:
    known = told[NIGHTS[-1]] | Answers(Delivered(lending, NIGHTS[-1]), told[NIGHTS[-1]]).all()
    assert known.keys() == COLUMNS.keys()
    for name, rows in known.items():
        assert all(list(row) == COLUMNS[name].split() for row in rows), name


def test_the_commands_write_files_and_truth(tmp_path: Path) -> None:
    arguments = ["--night", "2026-07-14", "--size", "100"]
    done = CliRunner().invoke(app, ["drop", "--inbox", str(tmp_path / "inbox"), *arguments])
    assert done.exit_code == 0
    assert "lying_manifest, to be rejected" in done.output
    assert (tmp_path / "inbox" / "guarantor_reports").is_dir()
    done = CliRunner().invoke(app, ["truth", "--out", str(tmp_path / "truth"), *arguments])
    assert done.exit_code == 0
    for table in (*KEYS, "quality.delivery", "dirt", "question_01", "question_15"):
        assert list(pd.read_parquet(tmp_path / "truth" / f"{table}.parquet").columns)
