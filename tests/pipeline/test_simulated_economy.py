"""Four simulated nights of lenders, guarantors and exchanges against what is really so in their world.

Histories arrive on the first night, two bad deliveries on the second, their corrections, a late and a repeated one on
the third, a restated month, a restated quarter and a withdrawal on the fourth. Whatever the world knows, the release of
each night must know: values, deliveries, what became of every piece of dirt, and the answers to the ready questions.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import SecretStr

from pipeline.settings import Settings
from publication.questions import questions
from simulator import TOKEN
from simulator.demo import SOURCES
from simulator.lending.answers import Answers
from simulator.lending.delivered import Delivered
from simulator.lending.dirt import DUPLICATED_ROW, Fate, Injection
from simulator.lending.drop import MANIFEST
from simulator.lending.truth import Rows, frame
from simulator.server import Simulator
from tests.installation import FIRST, Begun, Installation

NIGHTS = [FIRST + timedelta(days=day) for day in range(4)]
TABLES = {
    "financial_institutions.institution": ["institution_id"],
    "financial_institutions.branch": ["branch_id"],
    "financial_institutions.product": ["product_id", "version"],
    "financial_institutions.product_criterion": ["product_id", "version", "seq"],
    "financial_institutions.penalty": ["penalty_id"],
    "guarantees.institution": ["guarantor_id"],
    "guarantees.institution_quarter": ["guarantor_id", "period"],
    "guarantees.contract": ["contract_id"],
    "guarantees.compensation": ["compensation_id"],
    "guarantees.bank_cooperation": ["guarantor_id", "institution_id", "period"],
}
# The conformed rows of each resource, where their quarantine is, and our columns for those that get dirty.
CONFORMED = {
    "contract": ("int_guarantee_contract", "guarantee_contract"),
    "compensation": ("int_guarantee_compensation", "guarantee_compensation"),
    "bank_cooperation": ("int_guarantee_cooperation", "guarantee_cooperation"),
    "quarter": ("int_guarantor_quarter", "guarantor_quarter"),
    "branch": ("int_bank_branch", "bank_branch"),
    "product": ("int_financial_product", "financial_product"),
    "nfra_institutions": ("int_financial_institution", "financial_institution"),
    "guarantee_lists": ("int_guarantor", "guarantor"),
}
OURS = {
    "被担保人统一社会信用代码": "client_uscc",
    "担保金额": "principal_amount",
    "被担保人": "client_name",
    "起始日": "started_on",
    "代偿金额": "amount",
    "授信额度": "credit_line_cny",
    "行政区划代码": "region6",
    "支付系统行号": "cnaps12",
    "中文全称": "legal_name",
    "机构名称": "legal_name",
    "发证日期": "licence_from",
}

OUR_KEYS = {
    ("bank_branches", "branch"): "branch_id",
    ("guarantee_lists", "institution"): "guarantor_id",
    ("guarantor_reports", "quarter"): "guarantor_id",
    ("nfra_institutions", "institution"): "institution_id",
}


@dataclass
class Economy:
    """The installation after its nights, the release of each, and the world."""

    installation: Installation
    releases: dict[date, Path]

    def delivered(self, night: date) -> Delivered:
        return Delivered(self.installation.sim.lending, night)

    def ask(self, night: date, sql: str, values: Any = None) -> list[dict[str, Any]]:
        """Rows of a night's release by column."""
        with duckdb.connect(str(self.releases[night] / "fsdb.duckdb"), read_only=True) as con:
            found = con.execute(sql, values or {})
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def answer(self, number: int, **given: str) -> list[dict[str, Any]]:
        """Rows of a ready question on the last night."""
        question = questions()[number]
        return self.ask(NIGHTS[-1], question.sql, question.values(given, NIGHTS[-1]))


@pytest.fixture(scope="module")
def economy(tmp_path_factory: pytest.TempPathFactory, begun_with: Begun) -> Iterator[Economy]:
    """All nine sources of the simulated world, four nights long; every night is published."""
    data = tmp_path_factory.mktemp("economy")
    shutil.copytree(begun_with.empty, data / "build")
    with Simulator(size=400, seed=1, night=str(FIRST)) as sim:
        installation = Installation(sim, data)
        told: dict[str, Any] = {"sources": SOURCES, "tokens": {"bank_products": SecretStr(TOKEN)}}
        releases = {}
        for night in NIGHTS:
            sim.night = night
            sim.drop(Settings(data_dir=data).inbox)
            releases[night] = installation.run(night, **told).release.path
        yield Economy(installation, releases)


@pytest.fixture(scope="module")
def truths(economy: Economy) -> dict[date, dict[str, Rows]]:
    """The tables as they should be, by night."""
    return {night: economy.installation.sim.lending_truth(night) for night in NIGHTS}


@pytest.mark.parametrize("night", NIGHTS, ids=str)
@pytest.mark.parametrize("table", TABLES)
def test_every_value_is_that_of_the_world(
    economy: Economy, truths: dict[date, dict[str, Rows]], table: str, night: date
) -> None:
    """Row by row and column by column; what the pipeline adds (ids of organizations, provenance) aside."""
    should = frame(table, truths[night][table])
    with duckdb.connect(str(economy.releases[night] / "fsdb.duckdb"), read_only=True) as con:
        types = {name: kind for name, kind, *_ in con.execute(f"describe {table}").fetchall()}
        names = [name for name in should.columns if name in types]
        assert set(should.columns) - set(names) <= {"client_uscc"}, "clients are known by their organization"
        texts = {name: [None if _missing(value) else str(value) for value in should[name]] for name in names}
        con.register("told", _arrow(texts))
        cast = ", ".join(f'cast("{name}" as {types[name]}) as "{name}"' for name in names)
        built, told = f"select {', '.join(names)} from {table}", f"select {cast} from told"
        order = f" order by {', '.join(TABLES[table])} limit 5"
        assert con.execute(f"({built}) except all ({told}){order}").fetchall() == []
        assert con.execute(f"({told}) except all ({built}){order}").fetchall() == []
        assert con.execute(f"select count(*) from {table}").fetchall() == [(len(should),)]
        assert len(should)


def _missing(value: object) -> bool:
    return not isinstance(value, list) and (value is None or value != value)


def _arrow(texts: dict[str, list[str | None]]) -> Any:
    import pyarrow as pa

    return pa.table({name: pa.array(values, pa.string()) for name, values in texts.items()})


@pytest.mark.parametrize("night", NIGHTS, ids=str)
def test_the_ledger_balances_and_counts_every_row_that_was_sent(economy: Economy, night: date) -> None:
    """Of every resource: rows sent = repeated + rejected + withheld + conformed + merged; published = conformed."""
    sent = Counter[tuple[str, str]]()
    delivered = economy.delivered(night)
    for part, delivery in delivered.standing.items():
        sent[part.source, part.resource] += len(delivered.prepared[delivery].rows)
    balances = {(row["source_id"], row["resource"]): row for row in economy.ask(night, "from quality.row_balance")}
    for resource, row in balances.items():
        assert row["fetched"] == row["records"] + row["duplicates"] + row["rejected"], resource
        assert row["records"] == row["staged"] + row["quarantined"], resource
        assert row["staged"] == row["conformed"] + row["merged"], resource
        assert row["published"] == row["conformed"] + row["carried"], resource
    assert {resource: balances[resource]["fetched"] for resource in sent} == dict(sent)


def test_what_became_of_every_delivery(economy: Economy, truths: dict[date, dict[str, Rows]]) -> None:
    """As the schedule has it: loaded, rejected, repeated, withdrawn; how many rows; which file stands now."""
    columns = ("source_id", "resource", "sender", "period", "file_name", "received_on", "status", "is_current")
    told = [
        (*(str(row[name]) for name in columns), row["rows"] if row["status"] == "loaded" else None)
        for row in truths[NIGHTS[-1]]["quality.delivery"]
    ]
    found = [
        (*(str(row[name]) for name in columns), row["rows"] if row["status"] == "loaded" else None)
        for row in economy.ask(NIGHTS[-1], "from quality.delivery")
    ]
    assert sorted(found, key=str) == sorted(told, key=str)
    rejected = sorted((economy.installation.data / "inbox").glob("*/rejected/*/*.report.txt"))
    assert [path.parent.name for path in rejected] == [str(NIGHTS[1])] * 2
    said = "\n".join(path.read_text(encoding="utf-8") for path in rejected)
    assert "expected 机构编码, 机构名称, 行政区划代码, 科技支行, 状态, got a line of" in said
    assert "the manifest says 52 rows, the file has 45" in said
    assert not [path for path in (economy.installation.data / "inbox").glob("*/*") if path.is_file()]


def test_dirt_that_was_injected_is_dirt_that_was_caught(
    economy: Economy, truths: dict[date, dict[str, Rows]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Of every kind all of it: repaired to what was meant, withheld by the rule, flagged, or refused with its file."""
    injected, caught = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    missed = []
    for night in NIGHTS:
        fates = _Fates(economy, night)
        for row in truths[night]["dirt"]:
            told = Injection(**row)  # type: ignore[arg-type]
            if told.received_on != str(night):
                continue
            kind = (told.kind, f"{told.source}/{told.resource}", told.fate.value)
            injected[kind] += 1
            if fates.as_meant(told):
                caught[kind] += 1
            else:
                missed.append(told)
    with capsys.disabled():
        print("\n\ndirt                      in                                   fate          injected  caught")
        for (kind, place, fate), count in sorted(injected.items()):
            print(f"{kind:25} {place:36} {fate:13} {count:8} {caught[kind, place, fate]:7}")
    assert "\n".join(map(str, missed)) == ""
    assert {fate for _, _, fate in injected} == {fate.value for fate in Fate}
    assert len({kind for kind, _, _ in injected}) >= 15


class _Fates:
    """What became of the rows and files of a night."""

    def __init__(self, economy: Economy, night: date) -> None:
        self._economy, self._night = economy, night
        self._warehouse = economy.installation.data / "build" / "warehouse.duckdb"
        files = economy.ask(night, "from quality.delivery")
        self._files = {(row["source_id"], row["file_name"], str(row["received_on"])): row["status"] for row in files}
        self._rows: dict[str, dict[str, list[dict[str, Any]]]] = {}
        self._withheld: dict[str, set[tuple[str, str]]] = {}

    def as_meant(self, told: Injection) -> bool:
        if told.row_key is None:
            return self._file(told)
        table, quarantine = CONFORMED.get(told.source) or CONFORMED[told.resource]
        # A record is known by its key as it was written.
        is_key = told.meant == told.row_key
        key = told.written if is_key else told.row_key
        record = str(key) if told.source == "bank_products" else f"{told.sender} {told.period} {key}"
        if told.fate is Fate.QUARANTINED:
            return (record, str(told.rule)) in self._of_quarantine(quarantine)
        rows = self._of_table(table).get(record, [])
        if told.file_name and self._status(told) != "loaded":
            return not rows  # refused or taken before, with all its rows
        if told.kind == DUPLICATED_ROW:
            return len(rows) == 1
        if told.fate is Fate.FLAGGED:
            return [row["rate_flag"] for row in rows] == [told.rule]
        column = OUR_KEYS[told.source, told.resource] if is_key else OURS[str(told.column)]
        meant = told.written if told.kind == "retired_region" else told.meant
        return len(rows) == 1 and _says(rows[0].get(column), f"CN:{meant}" if is_key else meant)

    def _file(self, told: Injection) -> bool:
        expected = {"duplicated_file": "repeated", "withdrawn_delivery": "withdrawn"}.get(told.kind, "loaded")
        return self._status(told) == ("rejected" if told.fate is Fate.REJECTED else expected)

    def _status(self, told: Injection) -> str | None:
        names = (str(told.file_name), f"{told.file_name}{MANIFEST}")
        found = [self._files.get((told.source, name, told.received_on)) for name in names]
        return found[0] or found[1]

    def _of_table(self, table: str) -> dict[str, list[dict[str, Any]]]:
        """The conformed rows of the night by record; a record that came twice has two."""
        if table not in self._rows:
            found: dict[str, list[dict[str, Any]]] = {}
            with duckdb.connect(str(self._warehouse), read_only=True) as con:
                sql = f"from intermediate.{table}__accepted where run_date = ? and rule is null and change <> 'removed'"
                rows = con.execute(sql, [self._night])
                names = [column[0] for column in rows.description]
                for row in rows.fetchall():
                    told = dict(zip(names, row, strict=True))
                    found.setdefault(told["src_record_id"], []).append(told)
            self._rows[table] = found
        return self._rows[table]

    def _of_quarantine(self, table: str) -> set[tuple[str, str]]:
        if table not in self._withheld:
            rows = self._economy.ask(self._night, f"select src_record_id, rule from quarantine.{table}")
            self._withheld[table] = {(row["src_record_id"], row["rule"]) for row in rows}
        return self._withheld[table]


def _says(value: object, meant: str | None) -> bool:
    """Whether a conformed value is what was meant; amounts were written in some unit of yuan."""
    if isinstance(value, Decimal) and meant is not None:
        return value / Decimal(meant) in (1, 10_000, 100_000_000)
    return value is None if meant is None else str(value) == meant


# -- the ready questions --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def answers(economy: Economy) -> dict[str, Rows]:
    """What the questions should be answered on the last night, worked out from the world."""
    return Answers(economy.delivered(NIGHTS[-1])).all()


def test_guarantors_near_their_cap(economy: Economy, answers: dict[str, Rows]) -> None:
    """1: with the leverage of the four newest quarters."""
    told = {row["guarantor_id"]: row for row in answers["question_01"]}
    found = {row["guarantor_id"]: row for row in economy.answer(1)}
    assert found
    assert found.keys() == told.keys()
    for guarantor, row in found.items():
        trend = [row["leverage_ratio"], *(row[f"leverage_{before}_before"] for before in (1, 2, 3))]
        assert (row["period"], row["leverage_cap"]) == (told[guarantor]["period"], told[guarantor]["leverage_cap"])
        assert float(row["share_of_cap"]) == pytest.approx(told[guarantor]["used_ratio"], abs=1e-4)
        assert [float(one) for one in trend if one is not None] == pytest.approx(told[guarantor]["trend"], abs=1e-6)


def test_concentrated_guarantors_and_their_clients(economy: Economy, answers: dict[str, Rows]) -> None:
    """2: those that report a client or a group above the limit, and the clients that contracts show above it."""
    told = {row["guarantor_id"]: (row["period"], row["clients"]) for row in answers["question_02"]}
    rows = economy.answer(2)
    found = {
        guarantor: (period, sorted({row["who"] for row in rows if row["guarantor_id"] == guarantor and row["who"]}))
        for guarantor, period in {(row["guarantor_id"], row["period"]) for row in rows if row["said_by"] == "report"}
    }
    assert found
    assert found == told


def test_unsecured_loans_for_technology_companies(economy: Economy, answers: dict[str, Rows]) -> None:
    """8: prefecture by prefecture, cheapest first."""
    told: dict[str, list[object]] = {}
    for row in answers["question_08"]:
        told.setdefault(str(row["city_unit"]), []).append(row["product_id"])
    assert told
    for city, products in told.items():
        assert [row["product_id"] for row in economy.answer(8, prefecture=city)] == products
    everywhere = {row["product_id"] for row in economy.answer(8)}
    assert everywhere == {product for products in told.values() for product in products}


def test_compensation_rates(economy: Economy, answers: dict[str, Rows]) -> None:
    """13: by year of the quarters, and by industry what is known payment by payment."""
    rows = economy.answer(13, rate="0")
    whole = {(row["guarantor_id"], row["year"]): row for row in rows if row["industry"] == "全部"}
    told = {
        (row["guarantor_id"], row["year"]): row
        for row in answers["question_13"]
        if row["compensated_cny"] and row["released_cny"]
    }
    assert whole
    assert whole.keys() == told.keys()
    for key, row in whole.items():
        assert (row["compensated_cny"], row["released_cny"]) == (
            told[key]["compensated_cny"],
            told[key]["released_cny"],
        )
        assert float(row["compensation_rate"]) == pytest.approx(told[key]["compensation_ratio"], abs=1e-6)
    by_industry = Counter[tuple[object, ...]]()
    for row in answers["question_13_by_industry"]:
        by_industry[row["guarantor_id"], row["year"], str(row["industry"])[:1]] += int(str(row["amount"]))
    found = {
        (row["guarantor_id"], row["year"], row["industry"]): row["compensated_cny"]
        for row in rows
        if row["industry"] != "全部"
    }
    assert found == dict(by_industry)


def test_companies_guaranteed_twice(economy: Economy, answers: dict[str, Rows]) -> None:
    """14: by name, number of guarantors and exposure."""
    told = [(row["client_name"], len(row["guarantors"]), row["exposure_cny"]) for row in answers["question_14"]]  # type: ignore[arg-type]
    found = [(row["client"], row["guarantors"], row["exposure_cny"]) for row in economy.answer(14)]
    assert found
    assert sorted(found) == sorted(told)


def test_banks_that_share_little(economy: Economy, answers: dict[str, Rows]) -> None:
    """15: what the newest statement of their cooperation says."""
    found = {
        (row["guarantor_id"], row["bank"], row["cooperation_period"], float(row["share_by_cooperation"]))
        for row in economy.answer(15)
        if row["share_by_cooperation"] is not None and row["share_by_cooperation"] < Decimal("0.2")
    }
    assert found
    assert found == {
        (row["guarantor_id"], row["institution_id"], row["period"], row["bank_share_ratio"])
        for row in answers["question_15"]
    }


def test_what_a_correction_changes(economy: Economy) -> None:
    """The restated quarter of the fourth night changes the row of that quarter; every other row is as it was."""
    before, after = (
        {
            (row["guarantor_id"], row["period"]): row["row_hash"]
            for row in economy.ask(night, "from guarantees.institution_quarter")
        }
        for night in NIGHTS[2:]
    )
    arrived = {
        (f"CN:{delivery.part.sender}", delivery.part.period)
        for delivery in economy.delivered(NIGHTS[3]).schedule.on(NIGHTS[3])
        if delivery.part.resource == "quarter"
    }
    assert {key for key, row_hash in after.items() if before.get(key) != row_hash} == arrived
    assert before.keys() - after.keys() == set()


def test_the_same_night_again_is_the_same_release(economy: Economy) -> None:
    """Nothing lies in the inbox any more, and nothing of a delivery is taken twice."""
    told: dict[str, Any] = {"sources": SOURCES, "tokens": {"bank_products": SecretStr(TOKEN)}}
    again = economy.installation.run(NIGHTS[-1], **told)
    assert again.release.path == economy.releases[NIGHTS[-1]]
    assert json.loads((again.release.path / "release.json").read_text())["run_date"] == str(NIGHTS[-1])
