"""The gate's verdict: what stops a release, what an operator may let pass, and what it says when it cannot tell."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import great_expectations as gx
import pytest
from release_file import PER_EXCHANGE, RUN_DATE

from expectations.gate import Finding, GateResult, UnknownFinding, judge

PROJECT = "listing_pipeline.project"
ROOT = Path(__file__).parents[2]

Judged = Callable[..., GateResult]

LOSE_ONE = f"""
    delete from {PROJECT} where exchange = 'BSE' and project_id = '1199';
    update quality.row_balance set staged = 199, conformed = 199, published = 199, fetched = 199, records = 199
    where source_id = 'bse';
"""


@pytest.fixture(scope="module")
def sound(listing_only: Path) -> Path:
    """One database is enough."""
    return listing_only


def only_failure(result: GateResult) -> Finding:
    (finding,) = result.failures
    return finding


@pytest.fixture(scope="module")
def vanished(judged: Judged) -> GateResult:
    """A release that lost twelve projects of two exchanges."""
    return judged(f"""
        delete from {PROJECT} where exchange <> 'BSE' and project_id < '1006';
        update quality.row_balance set staged = 194, conformed = 194, published = 194, fetched = 194, records = 194
        where source_id in ('sse', 'szse');
    """)


def test_a_sound_first_release_passes_and_says_there_is_nothing_to_compare_with(judged: Judged) -> None:
    result = judged(previous=None)
    assert result.passed
    assert not list(result.failures)
    relative = {finding.id for finding in result.findings if finding.observed == "no earlier release"}
    assert relative == {"S4", "S5.new", "7.5", "fill"}
    assert {finding.compared_with for finding in result.findings} == {None}


def test_a_sound_release_passes_and_names_what_it_was_compared_with(clean: GateResult) -> None:
    assert clean.passed
    assert not list(clean.failures)
    compared = {finding.id for finding in clean.findings if finding.compared_with == "2026-07-14-aaaaaaaaaaaa"}
    assert compared == {"S4", "S5", "S5.new", "7.2", "7.5", "fill"}


def test_a_critical_finding_stops_and_names_the_rows(vanished: GateResult) -> None:
    """Project ids never vanish (7.5): the finding names ten of the lost ones, and the release they were in."""
    assert not vanished.passed
    finding = only_failure(vanished)
    assert (finding.id, finding.severity, finding.unexpected_count) == ("7.5", "critical", 12)
    assert finding.stops
    assert finding.compared_with == "2026-07-14-aaaaaaaaaaaa"
    assert len(finding.sample) == 10
    assert finding.sample[0] == {"exchange": "SSE", "project_id": "1000", "company_name": "甲1股份有限公司"}
    assert finding.observed == "12 not as expected, first: exchange SSE, project_id 1000, company_name 甲1股份有限公司"


def test_a_warning_does_not_stop(judged: Judged) -> None:
    result = judged(f"update {PROJECT} set plan_raise_cny = 1 where project_id = '1000'")
    assert only_failure(result).id == "7.9"
    assert result.passed


@pytest.mark.parametrize("name", ["7.5", f"7.5:{PROJECT}"])
def test_an_accepted_finding_stays_in_the_result_and_does_not_stop(judged: Judged, name: str) -> None:
    result = judged(LOSE_ONE, accept=frozenset({name}))
    finding = only_failure(result)
    assert (finding.id, finding.accepted, finding.stops) == ("7.5", True, False)
    assert result.passed


def test_accepting_covers_no_other_finding(judged: Judged) -> None:
    result = judged(LOSE_ONE, accept=frozenset({"7.5:listing_pipeline.project_event", "S3"}))
    assert not only_failure(result).accepted
    assert not result.passed


def test_accepting_what_the_gate_never_asks_is_refused(sound: Path) -> None:
    with pytest.raises(UnknownFinding, match=r"cannot accept 7\.55, night"):
        judge(sound, None, RUN_DATE, frozenset({"7.5", "night", "7.55"}))


def test_an_exchange_that_never_came_stops_the_first_release(judged: Judged) -> None:
    """2026-07-13: Shenzhen was down on the very first night (7.2)."""
    lose_szse = f"""
        delete from {PROJECT} where exchange = 'SZSE'; delete from quality.row_balance where source_id = 'szse';
        update quality.source_status set status = 'failed', good_run_date = null, age_nights = null, records = null,
            declared_total = null where source_id = 'szse';
    """
    finding = only_failure(judged(lose_szse, previous=None))
    assert (finding.id, finding.stops) == ("7.2", True)
    assert finding.sample == ({"exchange": "SZSE", "rows_now": 0, "rows_before": None},)

    deselect = "update quality.source_status set selected = false where source_id = 'szse';"
    assert judged(lose_szse + deselect, previous=None).passed


@pytest.mark.parametrize(("lost", "stopped_by"), [(10, {"7.5"}), (11, {"7.2", "7.5"})])
def test_an_exchange_may_lose_a_twentieth_and_no_more(judged: Judged, lost: int, stopped_by: set[str]) -> None:
    """7.2: at least 95 % of the previous release's rows; that a project is gone at all is 7.5's business."""
    assert PER_EXCHANGE // 20 == 10
    result = judged(f"delete from {PROJECT} where exchange = 'SSE' and project_id < '{1000 + lost}'")
    assert {finding.id for finding in result.failures} == {*stopped_by, "ledger.published"}


def test_a_missing_table_is_one_finding_and_no_traceback(judged: Judged) -> None:
    result = judged(f"drop table {PROJECT}")
    missing = [finding for finding in result.failures if finding.table == PROJECT]
    assert [(finding.id, finding.stops, finding.observed) for finding in missing] == [
        ("S5", True, "the release has no such table")
    ]
    assert missing[0].compared_with == "2026-07-14-aaaaaaaaaaaa"


def test_what_cannot_be_judged_stops_and_cannot_be_accepted(judged: Judged) -> None:
    """7.9 is a warning; without its column nobody knows, and that is not a matter of opinion."""
    result = judged(f"alter table {PROJECT} drop column plan_raise_cny", accept=frozenset({"7.9", "S5"}))
    unjudged = next(finding for finding in result.failures if finding.id == "7.9")
    assert (unjudged.severity, unjudged.stops) == ("critical", True)
    assert unjudged.observed.startswith("could not be judged: ")
    assert "plan_raise_cny" in unjudged.observed
    assert "\n" not in unjudged.observed


def test_what_the_libraries_refuse_is_a_finding_too(judged: Judged) -> None:
    """A view on nothing keeps Great Expectations from opening the file: no rule is asked, and every one says so."""
    result = judged("create table quality.t (n int); create view quality.gone as from quality.t; drop table quality.t")
    assert not result.passed
    asked = [finding for finding in result.findings if finding.table != "quality.gone"]
    assert {(finding.stops, finding.observed.split(":")[0]) for finding in asked} == {(True, "could not be judged")}


def test_a_rule_without_an_answer_stops(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = gx.ExpectationSuite
    monkeypatch.setattr(gx, "ExpectationSuite", lambda name, **_: suite(name=name))
    findings = judge(sound, None, RUN_DATE).findings
    unanswered = [finding for finding in findings if finding.observed != "no earlier release"]
    assert {(finding.stops, finding.observed) for finding in unanswered} == {
        (True, "could not be judged: Great Expectations gave no answer")
    }


@pytest.mark.parametrize("content", [None, b"", b"not a database" * 1000], ids=["absent", "empty", "garbage"])
def test_a_file_that_cannot_be_read_is_a_finding(sound: Path, tmp_path: Path, content: bytes | None) -> None:
    broken = tmp_path / "fsdb.duckdb"
    if content is not None:
        broken.write_bytes(content)
    for database, previous, role in [(broken, None, "file"), (sound, broken, "file.previous")]:
        result = judge(database, previous, RUN_DATE)
        assert not result.passed
        if content != b"":  # an empty file opens as an empty database: every table is missing
            finding = only_failure(result)
            assert finding.id == role
            assert str(broken) in finding.expected
            assert finding.observed


def test_a_table_the_gate_does_not_know_is_scanned_and_reported(judged: Judged) -> None:
    result = judged("create schema insights; create table insights.note as select '电话13912345678' as text, 1 as n")
    assert [(f.id, f.table, f.severity) for f in result.failures] == [
        ("S5.new", "insights.note", "warning"),
        ("S7", "insights.note", "critical"),
    ]
    assert [f.sample for f in result.failures if f.id == "S7"] == [({"column": "text"},)]


@pytest.mark.parametrize(("day", "late"), [(15, False), (16, True)])
def test_updates_are_expected_within_three_working_days(judged: Judged, day: int, late: bool) -> None:
    """7.6: Friday's update is three working days old on Wednesday the 15th and four on Thursday."""
    friday = f"update {PROJECT} set updated_on = date '2026-07-10'"
    found = {finding.id for finding in judged(friday, previous=None, run_date=date(2026, 7, day)).failures}
    assert ("7.6" in found) is late


def test_the_same_files_give_the_same_bytes(sound: Path, spoilt: Callable[[str], Path], tmp_path: Path) -> None:
    candidate = spoilt(f"delete from {PROJECT} where project_id > '1100'; update {PROJECT} set sponsor_name = null")
    written = []
    for name in "ab":
        judge(candidate, sound, RUN_DATE).write(tmp_path / name)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]


def test_a_result_is_read_as_it_was_written(vanished: GateResult, tmp_path: Path) -> None:
    vanished.write(tmp_path / "gate.json")
    assert GateResult.load(tmp_path / "gate.json") == vanished
    document = json.loads((tmp_path / "gate.json").read_text("utf-8"))
    assert document["passed"] is False
    assert document["run_date"] == "2026-07-15"
    assert set(document["findings"][0]) == {
        *("id", "table", "severity", "title", "success", "accepted", "expected", "observed"),
        *("compared_with", "unexpected_count", "sample"),
    }


def test_the_gate_is_quiet_and_loads_great_expectations_only_when_asked(whole: Path) -> None:
    """Nothing but the verdict: no progress bars, no warnings, no leak reports of the binding at the end."""
    script = f"""
import sys, datetime, logging, pathlib
logging.basicConfig(level=logging.INFO)
import expectations, expectations.result
assert "great_expectations" not in sys.modules
from expectations.gate import judge
path = pathlib.Path({str(whole)!r})
sys.exit(0 if judge(path, None, datetime.date({RUN_DATE:%Y, %-m, %-d})).passed else 3)
"""
    done = subprocess.run(
        [sys.executable, "-W", "default::DeprecationWarning:expectations", "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_judging_leaves_the_files_alone_and_open_to_others(sound: Path) -> None:
    before = sound.stat()
    judge(sound, None, RUN_DATE + timedelta(days=1))
    after = sound.stat()
    assert (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
    assert not list(sound.parent.glob("*.wal"))
    with sound.open("r+b"):
        pass
