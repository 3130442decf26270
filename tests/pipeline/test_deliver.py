"""Deliveries in the nights of an installation, and the commands for them. Nothing here builds."""

import errno
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from extractors.core import deliveries
from extractors.core.archive import Outcome
from extractors.core.clock import Clock
from extractors.core.errors import ArchiveError
from extractors.core.spec import SourceSpec, all_specs
from pipeline import arrivals, sources
from pipeline.cli import app
from pipeline.night import Night
from pipeline.settings import Settings, load
from tests.installation import LaterClock

TONIGHT, SOURCE = date(2026, 11, 27), "nfra_institutions"
EXAMPLES = Path(__file__).parents[2] / "docs" / "deliveries" / "examples"
NAME = "nfra_institutions_2025-12-31.csv"
HEAD = "机构编码,中文全称,机构类型\r\n"
GOOD = HEAD + "B0001H111000001,中国工商银行股份有限公司,国有大型商业银行\r\n"
BAD = HEAD + "B0001,中国工商银行股份有限公司,国有大型商业银行\r\n"


@dataclass
class Office:
    """A data folder without any source to ask, on the night of 2026-11-27."""

    data: Path
    clock: Any

    @property
    def inbox(self) -> Path:
        return self.data / "inbox" / SOURCE

    def night(self, run_date: date = TONIGHT, **given: Any) -> Night:
        return Night(Settings(**({"data_dir": self.data} | given)), run_date, self.clock)

    def put(self, content: str, name: str = NAME) -> Path:
        self.inbox.mkdir(parents=True, exist_ok=True)
        (self.inbox / name).write_bytes(content.encode())
        return self.inbox / name

    def files(self) -> dict[str, bytes]:
        """Everything below the data folder."""
        found = {str(path): path.read_bytes() for path in self.data.rglob("*") if path.is_file()}
        return {path: content for path, content in found.items() if "/locks/" not in path}


@dataclass
class Noon(LaterClock):
    """It is noon in Shanghai on 2026-11-27, and a second later each time one asks."""

    instant: datetime = datetime(2026, 11, 27, 4, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nothing to wait {seconds} s for")


@pytest.fixture
def office(tmp_path: Path) -> Office:
    clock: Clock = Noon()
    return Office(tmp_path / "data", clock)


@pytest.fixture
def fsdb(office: Office, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`fsdb("status")` → exit code and what it said."""
    monkeypatch.setenv("FSDB_DATA_DIR", str(office.data))
    monkeypatch.setattr("pipeline.deliver.SystemClock", Noon)

    def ask(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, list(arguments))
        return result.exit_code, result.output

    return ask


def test_a_night_looks_again_only_when_something_came(office: Office) -> None:
    """No file is no error; the same night takes what comes later; once taken it is not taken again."""
    first = office.night().extract(SOURCE, only_missing=True)
    assert ([outcome.status for outcome in first.outcomes], first.is_good, first.reused) == (["unchanged"], True, False)
    assert office.night().extract(SOURCE, only_missing=True).reused
    office.put(GOOD)
    second = office.night().extract(SOURCE, only_missing=True)
    assert [(outcome.status, outcome.attempt) for outcome in second.outcomes] == [("complete", 2)]
    assert office.night().extract(SOURCE, only_missing=True).reused


def test_a_rejected_file_fails_the_step_and_is_shown_in_the_status(office: Office, fsdb: Any) -> None:
    """File, first fault and where the report lies; once the file is mended the same night, no more."""
    office.put(BAD)
    night = office.night()
    assert not night.extract(SOURCE).is_good
    (entry,) = night.ledger.entries(TONIGHT)
    assert (entry.status, "expected B0001H111000001 or the like" in entry.message) == ("failed", True)
    code, said = fsdb("status")
    assert code == 0
    fault = 'row 2, 机构编码: expected B0001H111000001 or the like, got "B0001"'
    assert f"{SOURCE}/institution: {NAME} rejected: 1 of 1 rows are bad" in said
    assert fault in said
    report = office.inbox / "rejected" / str(TONIGHT) / f"{NAME}.report.txt"
    assert f"report: {report}" in said
    assert fault in report.read_text()
    office.put(GOOD)
    assert office.night().extract(SOURCE).is_good
    assert "rejected" not in fsdb("status")[1]


def test_files_of_today_are_not_loaded_into_the_past(office: Office) -> None:
    """Only a stand-in for the outside world plays earlier nights; an inbox of one's own is none."""
    office.put(GOOD)
    earlier = TONIGHT - timedelta(days=1)
    for given in ({}, {"inbox": office.inbox.parent}):
        fetched = office.night(earlier, **given).extract(SOURCE, only_missing=True)
        assert fetched.outcomes == []
        assert (office.inbox / NAME).exists()
    (_, entry) = office.night(earlier).ledger.entries(earlier)
    assert "what lies in the inbox now is not of 2026-11-26" in entry.message
    played = office.night(earlier, upstream="http://127.0.0.1:1").extract(SOURCE, only_missing=True)
    assert [outcome.records for outcome in played.outcomes] == [1]


def test_every_file_that_ever_arrived_is_one_row(office: Office) -> None:
    """Which one stands; a file judged twice with one verdict is one delivery; no night knows of later ones."""
    office.put(BAD)
    office.night().extract(SOURCE)
    office.put(BAD)
    office.night().extract(SOURCE)
    office.put(GOOD)
    office.night().extract(SOURCE)
    office.put(GOOD.replace("国有大型商业银行", "直销银行"))
    office.night().extract(SOURCE)
    rows = arrivals.rows(office.night().archive, TONIGHT)
    assert [(row["status"], row["is_current"], row["rows"], row["faulty_rows"]) for row in rows] == [
        ("rejected", False, 1, 1),
        ("loaded", False, 1, 0),
        ("loaded", True, 1, 0),
    ]
    assert set(rows[0]) == set(arrivals.DELIVERY.names)
    assert {row["received_on"] for row in rows} == {TONIGHT}
    assert len({row["delivery_id"] for row in rows}) == 3
    assert arrivals.rows(office.night().archive, TONIGHT - timedelta(days=1)) == []


def test_a_delivered_source_is_as_old_as_its_newest_delivery(office: Office) -> None:
    """An old period that is never sent again ages nothing; nights without files do. The ledger's counts hold."""
    office.put(GOOD, "nfra_institutions_2024-12-31.csv")
    office.night(TONIGHT - timedelta(days=2), upstream="http://127.0.0.1:1").extract(SOURCE)
    office.put(GOOD + GOOD.removeprefix(HEAD))
    office.night(TONIGHT - timedelta(days=1), upstream="http://127.0.0.1:1").extract(SOURCE)
    night = office.night()
    night.extract(SOURCE)
    found = sources.rows(night.archive, night.run_date, night.sources())
    row = next(row for row in found if row["source_id"] == SOURCE)
    assert (row["status"], row["age_nights"], row["good_run_date"]) == ("unchanged", 1, TONIGHT - timedelta(days=1))
    assert (row["fetched"], row["records"], row["duplicates"], row["rejected"]) == (3, 2, 1, 0)
    assert row["declared_total"] is None
    assert {other["status"] for other in found if other["source_id"] != SOURCE} == {"not_run"}


def test_a_damaged_attempt_says_how_to_mend_it(office: Office) -> None:
    """A file cannot be asked for again; it lies in done/."""
    office.put(GOOD)
    night = office.night()
    night.extract(SOURCE)
    attempt = night.archive.last(SOURCE, "institution", TONIGHT)
    assert attempt
    attempt.records().write_bytes(b"x")
    with pytest.raises(
        ArchiveError, match=rf"records.parquet: expected sha256 .*put the files of .*done/{TONIGHT} back"
    ):
        office.night().extract(SOURCE, only_missing=True)


def test_a_source_that_raises_does_not_stop_the_others(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is failed in the ledger, and the night goes on; a full or damaged disk ends it once all have been asked."""
    for step in ("build", "audit", "publish"):
        monkeypatch.setattr(Night, step, lambda *_: None)
    take, problem = deliveries.deliver, [ValueError("odd")]

    def odd(spec: SourceSpec, *given: Any, **more: Any) -> Outcome:
        if spec.id == "bank_branches":
            raise problem[0]
        return take(spec, *given, **more)

    monkeypatch.setattr(deliveries, "deliver", odd)
    office.put(GOOD)
    night = office.night(sources=f"bank_branches,{SOURCE}")
    report = night.run()
    assert [(fetched.source, fetched.is_good, fetched.fault) for fetched in report.fetched] == [
        ("bank_branches", False, "a fault of ours: ValueError: odd"), (SOURCE, True, ""),
    ]  # fmt: skip
    assert {(entry.subject, entry.status, entry.message) for entry in night.ledger.entries(TONIGHT)} == {
        ("bank_branches", "failed", "odd"), (SOURCE, "done", ""),
    }  # fmt: skip
    for problem[0] in (OSError(errno.ENOSPC, "No space left on device"), ArchiveError("damaged")):
        office.put(GOOD)
        with pytest.raises((OSError, ArchiveError), match=r"No space left|damaged"):
            office.night(sources=f"bank_branches,{SOURCE}", parallel=1).run()
        assert not (office.inbox / NAME).exists()


def test_check_gives_the_verdict_of_the_night_and_touches_nothing(office: Office, fsdb: Any, tmp_path: Path) -> None:
    """Good is 0, bad is 1, whatever the file; what was delivered before counts."""
    office.put(GOOD)
    office.night().extract(SOURCE)
    file = tmp_path / NAME
    file.write_bytes(GOOD.encode())
    before = office.files()
    code, said = fsdb("deliver", "check", str(file), "--source", SOURCE)
    assert (code, said.startswith(f"REPEATED  {NAME}")) == (0, True)
    file.write_bytes(BAD.encode())
    code, said = fsdb("deliver", "check", str(file), "--source", SOURCE)
    assert (code, said.startswith("REJECTED")) == (1, True)
    assert "row 2, 机构编码: expected B0001H111000001 or the like" in said
    office.put(BAD)
    office.night().extract(SOURCE)
    report = (office.inbox / "rejected" / str(TONIGHT) / f"{NAME}.report.txt").read_text()
    assert report.splitlines()[-1] == said.splitlines()[-1]
    assert {path: office.files()[path] for path in before} == before
    assert file.read_bytes() == BAD.encode()


def test_check_takes_a_manifest_beside_the_file_or_elsewhere(fsdb: Any, tmp_path: Path) -> None:
    """A lying one refuses; the resource the sender means must be the one of the name."""
    contracts = EXAMPLES / "guarantor_reports" / "contracts_91330100MA27X20003_2026-06.csv"
    assert fsdb("deliver", "check", str(contracts), "-s", "guarantor_reports")[0] == 0
    alone = tmp_path / contracts.name
    alone.write_bytes(contracts.read_bytes())
    code, said = fsdb("deliver", "check", str(alone), "-s", "guarantor_reports")
    assert (code, "expected a manifest" in said) == (1, True)
    told = json.loads(contracts.with_name(f"{contracts.name}.manifest.json").read_text())
    lie = tmp_path / "lie.json"
    lie.write_text(json.dumps(told | {"rows": 7}))
    code, said = fsdb("deliver", "check", str(alone), "-s", "guarantor_reports", "--manifest", str(lie))
    assert (code, "the manifest says 7 rows, the file has 1" in said) == (1, True)
    lie.write_text(json.dumps(told))
    given = ("deliver", "check", str(alone), "-s", "guarantor_reports", "--manifest", str(lie), "--resource")
    assert fsdb(*given, "contract")[0] == 0
    code, said = fsdb(*given, "quarter")
    assert (code, "expected a file of quarter: it is named like contract" in said) == (1, True)


def test_check_says_that_a_manifest_alone_waits_for_its_file(fsdb: Any, tmp_path: Path) -> None:
    """It withdraws nothing unless it says so; a wrong one is refused even so."""
    file = next(EXAMPLES.rglob("contracts_*.manifest.json"))
    alone = tmp_path / file.name
    alone.write_bytes(file.read_bytes())
    code, said = fsdb("deliver", "check", str(alone), "-s", "guarantor_reports")
    assert (code, said.startswith(f"WAITING  {file.name}"), "waits for its file" in said) == (0, True, True)
    alone.write_text(json.dumps(json.loads(file.read_text()) | {"sender": "91330100MA27X20011"}))
    code, said = fsdb("deliver", "check", str(alone), "-s", "guarantor_reports")
    assert (code, "the manifest says sender 91330100MA27X20011" in said) == (1, True)


def test_what_is_not_there_is_said_in_words(fsdb: Any, tmp_path: Path) -> None:
    """A source that is read over HTTP, an unknown one, a file that is not there, a name that is none of ours."""
    for source in ("sse", "nobody"):
        code, said = fsdb("deliver", "check", "x.csv", "-s", source)
        assert (code, "that is delivered; there are: bank_branches" in said.replace("\n", " ")) == (2, True)
    code, said = fsdb("deliver", "check", str(tmp_path / NAME), "-s", SOURCE)
    assert (code, "cannot be read: No such file" in said) == (1, True)
    code, said = fsdb("deliver", "check", str(tmp_path / "branches.csv"), "-s", "bank_branches")
    assert (code, "such as branches_B0001H111000001_2026Q2.csv" in said.replace("\n", " ")) == (1, True), said


def test_pages_are_written_where_one_says(fsdb: Any, tmp_path: Path) -> None:
    """The page and an example with its manifest for each kind of file."""
    code, said = fsdb("deliver", "page", "guarantor_reports", "-o", str(tmp_path / "pages"))
    assert code == 0
    kinds = len(all_specs()["guarantor_reports"].resources)
    assert (
        len(said.split()) == len([path for path in (tmp_path / "pages").rglob("*") if path.is_file()]) == 1 + 2 * kinds
    )


def test_the_inbox_lies_in_the_data_folder_unless_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Relative folders are looked for beside the settings file, like the data folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FSDB_DATA_DIR", raising=False)
    assert load().inbox == tmp_path / "data" / "inbox"
    assert load(data_dir="elsewhere").inbox == tmp_path / "elsewhere" / "inbox"
    monkeypatch.setenv("FSDB_INBOX", "drop")
    assert load().inbox == tmp_path / "drop"
