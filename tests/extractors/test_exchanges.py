"""The three exchanges' extractors against stored real answers, whole and broken."""

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow.parquet as pq
import pytest
from scripted import Server, as_json

from extractors.core.archive import Archive, Outcome
from extractors.core.changes import ChangeLog
from extractors.core.fetch import Access, fetch
from extractors.core.spec import all_specs

HOSTS = {"bse": "www.bse.cn", "sse": "query.sse.com.cn", "szse": "www.szse.cn"}
SITES = {"bse": "www.bse.cn", "sse": "www.sse.com.cn", "szse": "www.szse.cn"}
PAGES = {"bse": 20, "sse": 500, "szse": 100}
STATUS = {"bse": ("status", "id"), "sse": ("currStatus", "stockAuditNum"), "szse": ("prjst", "prjid")}
NAME = "ipo_project"
DOWN, BEFORE, TONIGHT = date(2026, 7, 13), date(2026, 7, 14), date(2026, 7, 15)
SAID_BEFORE = {"bse": 871, "sse": 1281, "szse": 1461}
every_source = pytest.mark.parametrize("source", sorted(HOSTS))


@dataclass
class Installation:
    """Archive and change log of one installation."""

    folder: Path
    clock: Any

    @property
    def archive(self) -> Archive:
        return Archive(self.folder / "raw")

    def fetch(self, source: str, address: str, run_date: date = TONIGHT, timeout: float = 20.0) -> Outcome:
        """One attempt at an exchange's list, answered by a box."""
        access = Access(
            self.clock,
            "fsdb/test (data@bank.example)",
            lambda spec: f"{address}/{urlsplit(spec.address).netloc}",
            paced=False,
            timeout=timeout,
        )
        return fetch(all_specs()[source], NAME, self.archive, run_date, access)

    def changes(self, source: str) -> dict[date, tuple[int, int, int]]:
        """(added, changed, removed) of every night in the log up to tonight."""
        spec = all_specs()[source]
        log = ChangeLog(self.folder / "changes", self.archive, source, NAME, spec.resources[NAME], spec.address)
        nights = (night.basis for night in log.update(TONIGHT))
        return {basis.run_date: (basis.added, basis.changed, basis.removed) for basis in nights}

    def statuses(self, source: str, run_date: date) -> dict[str, str]:
        """Status of every project of a night."""
        attempt = self.archive.accepted(source, NAME, run_date)
        assert attempt
        status, key = STATUS[source]
        return {row[key]: row[status] for row in pq.read_table(attempt.records()).to_pylist()}


@pytest.fixture(scope="module")
def truth(upstream_truth: dict[str, Any]) -> dict[str, Any]:
    """The true figures of the stored nights."""
    figures: dict[str, Any] = upstream_truth["listing"]
    return figures


@pytest.fixture(scope="module")
def good_night(box: Callable[..., Any], tmp_path_factory: Any, new_clock: Any) -> Path:
    """An installation that fetched the three lists whole, the night before."""
    folder: Path = tmp_path_factory.mktemp("exchanges")
    used, running = Installation(folder, new_clock()), box(BEFORE)
    for source in HOSTS:
        assert used.fetch(source, running.address, BEFORE).status == "complete"
        used.changes(source)
    return folder


@pytest.fixture
def installation(good_night: Path, tmp_path: Path, clock: Any) -> Installation:
    """A copy of that installation for one test."""
    shutil.copytree(good_night, tmp_path / "data")
    return Installation(tmp_path / "data", clock)


@pytest.fixture(scope="module")
def boxes(box: Callable[..., Any]) -> Callable[..., Any]:
    """Boxes of tonight, one for each set of faults (on each exchange's own host)."""
    started: dict[tuple[str, ...], Any] = {}

    def get(*faults: str) -> Any:
        if faults not in started:
            rules = [f"{host}:{fault}" for host in HOSTS.values() for fault in faults]
            started[faults] = box(TONIGHT, *rules, timeout_seconds=30)
        return started[faults]

    return get


# -- whole nights ----------------------------------------------------------------------------------------------------


@every_source
def test_a_real_night_comes_whole(source: str, boxes: Any, installation: Installation, truth: Any) -> None:
    """Total, status counts and status changes of a night are the true ones; nothing is added or removed."""
    outcome = installation.fetch(source, boxes().address)
    total = truth["nights"][str(TONIGHT)][source]["total"]
    assert (outcome.status, outcome.declared_total, outcome.fetched, outcome.records) == ("complete", *[total] * 3)
    assert (outcome.warnings, outcome.retries, outcome.duplicates) == ([], [], 0)
    before, now = (installation.statuses(source, night) for night in (BEFORE, TONIGHT))
    moved = truth["changes"][f"{BEFORE} -> {TONIGHT}"][source]
    assert sum(now[key] != before[key] for key in now) == moved["status_changed"]
    log = installation.changes(source)
    assert log[BEFORE] == (truth["nights"][str(BEFORE)][source]["total"], 0, 0)
    assert (log[TONIGHT][0], log[TONIGHT][2]) == (0, 0)
    assert log[TONIGHT][1] >= max(moved["status_changed"], moved["update_date_changed"])
    if source == "szse":  # the one that sends its status in words
        assert Counter(now.values()) == truth["nights"][str(TONIGHT)][source]["by_status"]


@every_source
def test_each_source_asks_as_it_must(source: str, boxes: Any, installation: Installation) -> None:
    """Every request names us and its own site, and the pages are asked for once each, after the visit where due."""
    running = boxes()
    earlier = len(running.requests(HOSTS[source]))
    outcome = installation.fetch(source, running.address)
    asked = running.requests(HOSTS[source])[earlier:]
    assert {request["user_agent"] for request in asked} == {"fsdb/test (data@bank.example)"}
    assert {urlsplit(request["referer"]).netloc for request in asked} == {SITES[source]}
    assert len(asked) == -(-outcome.records // PAGES[source]) + (source == "bse")
    if source == "bse":
        assert (asked[0]["method"], asked[0]["path"]) == ("GET", "/audit/project_news.html")


def test_the_stored_outage_of_shenzhen_is_an_outage(box: Any, tmp_path: Path, clock: Any) -> None:
    """Down with a Retry-After of ten minutes: one request, `failed`, no night in the log, and no waiting."""
    installation = Installation(tmp_path, clock)
    outcome = installation.fetch("szse", box(DOWN).address, DOWN)
    assert (outcome.status, outcome.requests, outcome.retriable) == ("failed", 1, True)
    assert "answered 503" in str(outcome.message)
    assert "asks to wait 600 s, longer than the 60 s a night waits" in str(outcome.message)
    assert installation.changes("szse") == {}
    assert clock.slept == []


def test_no_natural_person_reaches_the_disk(server: Server, tmp_path: Path, clock: Any) -> None:
    """Shanghai names issuers' and intermediaries' persons in every record: neither payloads nor records have them."""
    rows = [
        {
            "stockAuditNum": str(at),
            "stockAuditName": f"公司{at}",
            "currStatus": 1,
            "issueMarketType": 2,
            "stockIssuer": [{"s_personName": "ZHANG San", "s_company": f"公司{at}", "posts": [["董事长"]]}],
            "intermediary": [{"i_intermediaryName": "中信证券", "i_person": [{"i_p_personName": "LI Si"}]}],
        }
        for at in range(60)
    ]
    server.say(as_json({"result": rows, "pageHelp": {"total": 60, "data": rows}}))
    installation = Installation(tmp_path, clock)
    outcome = installation.fetch("sse", server.address)
    assert (outcome.status, outcome.records, outcome.redacted) == ("complete", 60, 240)
    attempt = installation.archive.last("sse", NAME, TONIGHT)
    assert attempt
    stored = str([pq.read_table(attempt.folder / name).to_pylist() for name in outcome.files])
    assert "ZHANG" not in stored
    assert "LI Si" not in stored
    assert "中信证券" in stored


# -- broken nights ---------------------------------------------------------------------------------------------------

DROPPED = {"bse": "status", "sse": "currStatus", "szse": "prjst"}
OUTAGES = {
    "500": 'answered 500: "Internal Server Error',
    "429": 'answered 429: "Too Many Requests',
    "timeout": "no answer within the time-out",
    "reset": "connection broken",
    "truncate": "only part of the body arrived",
    "html": 'answered HTML instead of JSON: "Service temporarily unavailable / 系统维护中',
}


@every_source
@pytest.mark.parametrize("fault", sorted(OUTAGES))
def test_an_outage_is_failed_and_removes_nothing(
    fault: str, source: str, boxes: Any, installation: Installation
) -> None:
    """An exchange that is down in whatever way is `failed` after four tries, says how, and loses no row."""
    outcome = installation.fetch(source, boxes(fault).address, timeout=0.05 if fault == "timeout" else 20.0)
    assert (outcome.status, outcome.declared_total, outcome.fetched, outcome.records) == ("failed", None, 0, 0)
    assert OUTAGES[fault] in str(outcome.message)
    assert str(outcome.message).startswith(all_specs()[source].http.base)
    assert outcome.next == f"the next night tries again; `fsdb extract {source} --run-date {TONIGHT}` tries now"
    assert outcome.retriable
    assert installation.clock.slept == ([1.0] * 3 if fault == "429" else [1.0, 2.0, 4.0])
    assert len(outcome.retries) == 3
    assert outcome.requests == 4 + (source == "bse" and fault == "html")  # HTML is what the page one visits is
    assert installation.changes(source) == {BEFORE: (SAID_BEFORE[source], 0, 0)}


@every_source
def test_an_outage_that_passes_is_no_outage(source: str, boxes: Any, installation: Installation) -> None:
    """A server error, a reset and half a body, one after the other, cost three retries and no record."""
    outcome = installation.fetch(source, boxes("500:1", "reset:1", "truncate:1").address)
    assert (outcome.status, outcome.records, outcome.duplicates) == ("complete", SAID_BEFORE[source], 0)
    assert [retry.waited_seconds for retry in outcome.retries] == [1.0, 2.0, 4.0]
    assert installation.changes(source)[TONIGHT][2] == 0


@every_source
def test_a_well_formed_empty_answer_is_not_believed(source: str, boxes: Any, installation: Installation) -> None:
    """Zero rows and a total of 0 with status 200 removes nothing."""
    outcome = installation.fetch(source, boxes("empty").address)
    assert (outcome.status, outcome.declared_total, outcome.records) == ("failed", 0, 0)
    assert outcome.message == "0 records, the spec expects at least 50"
    assert installation.changes(source) == {BEFORE: (SAID_BEFORE[source], 0, 0)}


@every_source
def test_a_missing_column_is_failed_and_final(source: str, boxes: Any, installation: Installation) -> None:
    """A list without a required column is not loaded; the error names the column and what came."""
    outcome = installation.fetch(source, boxes("drift-drop").address)
    assert (outcome.status, outcome.records, outcome.retriable) == ("failed", 0, False)
    assert f"required column {DROPPED[source]} is missing from every record; got " in str(outcome.message)
    assert outcome.next == f"look at the source and its spec, then `fsdb extract {source} --run-date {TONIGHT}`"
    assert installation.changes(source) == {BEFORE: (SAID_BEFORE[source], 0, 0)}


@every_source
def test_an_unknown_column_warns_and_changes_nothing(source: str, boxes: Any, installation: Installation) -> None:
    """A new column at the source is named, and the night is the night it would have been without it."""
    outcome = installation.fetch(source, boxes("drift-add").address)
    assert (outcome.status, outcome.records) == ("complete", SAID_BEFORE[source])
    assert [warning[:32] for warning in outcome.warnings] == ["unknown column 'upstreamExtra': "]
    assert installation.fetch(source, boxes().address).content_hash == outcome.content_hash


@every_source
@pytest.mark.parametrize("fault", ["shift", "shift:1"])
def test_a_record_inserted_while_the_list_is_read_comes_out_whole(
    fault: str, source: str, boxes: Any, installation: Installation
) -> None:
    """A new project on top between two pages, once or in every crawl: no loss, no double, one added, none removed."""
    outcome = installation.fetch(source, boxes(fault).address)
    total = SAID_BEFORE[source] + 1
    assert (outcome.status, outcome.declared_total, outcome.records) == ("complete", total, total)
    assert outcome.duplicates == PAGES[source]  # the row that came twice, and the head but for the new record
    added, _, removed = installation.changes(source)[TONIGHT]
    assert (added, removed) == (1, 0)
