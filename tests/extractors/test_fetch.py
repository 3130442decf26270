"""`extractors.core.fetch`: one attempt, and what became of it."""

import errno
import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from scripted import MAINTENANCE, Answer, Asked, Server, as_json

from extractors.core import fetch as module
from extractors.core.archive import Archive, Outcome, PayloadWriter
from extractors.core.errors import SpecError, TransientError
from extractors.core.fetch import Access, describe, extractor_of
from extractors.core.files import sha256_of
from extractors.core.http import Client
from extractors.core.pages import Broken, Page, at, stable_pages
from extractors.core.spec import SourceSpec
from extractors.core.sql import write_parquet

FIRST = date(2026, 7, 20)
SIZE = 4
Record = dict[str, Any]


def project(client: Client) -> Iterator[Page]:
    """The extractor of the source `demo`: pages of a JSON list, counted from 0."""

    def page(index: int) -> Page:
        body = client.get_json("/list", params={"page": index}, has=("data", "total"))
        return Page(at(body, "data", list), at(body, "total", int))

    yield from stable_pages(page, key="id")


def projects(count: int, **more: Any) -> list[Record]:
    """Records as the source sends them, with a natural person in each."""
    return [{"id": f"p{at:03d}", "name": f"公司{at}", "linkman": "ZHANG San", **more} for at in range(count)]


class Demo:
    """The source `demo` and the archive of an installation that fetches it."""

    def __init__(self, server: Server, clock: Any, archive: Archive, spec: SourceSpec) -> None:
        self.server, self.clock, self.archive, self.spec = server, clock, archive, spec

    def list(self, records: list[Record], total: int | None = None) -> Callable[[Asked], Answer]:
        """The source answers with these records, page by page."""

        def answer_to(asked: Asked) -> Answer:
            start = int(asked.query["page"]) * SIZE
            declared = len(records) if total is None else total
            return as_json({"data": records[start : start + SIZE], "total": declared})

        self.server.answer_to = answer_to
        return answer_to

    def fetch(self, night: int = 0, **options: Any) -> Outcome:
        """One attempt at the night so many days after the first."""
        access = Access(self.clock, "fsdb/test", lambda _: self.server.address, paced=False, timeout=5.0)
        run_date = FIRST + timedelta(night)
        return module.fetch(self.spec, "project", self.archive, run_date, access, **options)

    def folder(self, night: int = 0, attempt: int = 1) -> Path:
        run_date = FIRST + timedelta(night)
        return self.archive.root / "demo" / "project" / f"run_date={run_date}" / f"attempt={attempt:02d}"


@pytest.fixture
def demo(server: Server, clock: Any, tmp_path: Path, spec: Any, monkeypatch: pytest.MonkeyPatch) -> Demo:
    """A source of 20 to 30 records that may lose 10 % from one night to the next."""
    monkeypatch.setattr(module, "extractor_of", lambda *_: project)
    rows = {"min": 20, "max": 30, "drift": "10%"}
    return Demo(server, clock, Archive(tmp_path / "raw"), spec(rows=rows))


def facts(outcome: Outcome) -> tuple[str, int | None, int, int]:
    return outcome.status, outcome.declared_total, outcome.fetched, outcome.records


# -- nights that come whole ------------------------------------------------------------------------------------------


def test_a_whole_night_is_complete_and_archived(demo: Demo) -> None:
    """Counts, sizes, hashes and times are in the outcome; payloads, records and outcome are in one folder."""
    demo.list(projects(25))
    outcome = demo.fetch()
    assert facts(outcome) == ("complete", 25, 25, 25)
    assert (outcome.requests, outcome.duplicates, outcome.redacted, outcome.warnings) == (7, 0, 25, [])
    assert (outcome.message, outcome.next, outcome.started_at) == (None, None, demo.clock.now())
    folder = demo.folder()
    assert sorted(path.name for path in folder.iterdir()) == ["outcome.json", "payloads.parquet", "records.parquet"]
    assert Outcome.model_validate_json((folder / "outcome.json").read_text()) == outcome
    assert outcome.files == {name: sha256_of(folder / name) for name in ("payloads.parquet", "records.parquet")}
    payloads = pq.read_table(folder / "payloads.parquet").to_pylist()
    assert outcome.bytes == sum(len(payload["body"]) for payload in payloads)
    records = pq.read_table(folder / "records.parquet").to_pylist()
    by_hash = {payload["sha256"]: json.loads(payload["body"]) for payload in payloads}
    for record in records:
        assert by_hash[record["_payload"]]["data"][record["_row"]]["id"] == record["id"]
    assert "ZHANG" not in str(payloads)


def test_the_same_list_again_is_unchanged(demo: Demo) -> None:
    """A night that says what the last good one said is `unchanged`; one value makes it `complete` again."""
    demo.list(projects(25))
    demo.fetch()
    demo.list(list(reversed(projects(25))))
    assert demo.fetch(1).status == "unchanged"
    demo.list([*projects(24), {"id": "p024", "name": "renamed"}])
    assert demo.fetch(2).status == "complete"


def test_a_night_is_compared_with_the_last_good_one_before_it(demo: Demo) -> None:
    """Neither a failed night in between, nor a later night, nor an earlier attempt of the same night is the measure."""
    demo.list(projects(25))
    demo.fetch(0)
    demo.list(projects(29))
    demo.fetch(3)
    demo.server.answer_to = lambda _: MAINTENANCE
    demo.fetch(1)
    demo.list(projects(25))
    assert demo.fetch(2).status == "unchanged"
    assert demo.fetch(0).status == "complete"


def test_a_list_that_grew_while_it_was_read_is_complete(demo: Demo) -> None:
    """A record put on top between two pages comes out whole: the repeats are counted, not stored."""
    before, after = demo.list(projects(25)), demo.list([{"id": "new", "name": "新"}, *projects(25)])
    demo.server.answer_to = lambda asked: (before if len(demo.server.asked) < 3 else after)(asked)
    outcome = demo.fetch()
    assert facts(outcome) == ("complete", 26, 30, 26)
    assert outcome.duplicates == 4


def test_more_rows_than_expected_warn(demo: Demo) -> None:
    """Above the envelope the night stands, with a warning."""
    demo.list(projects(31))
    outcome = demo.fetch()
    assert (outcome.status, outcome.warnings) == (
        "complete",
        ["31 records, more than the 30 the spec expects at most"],
    )


def test_an_unknown_column_warns(demo: Demo) -> None:
    """A column nobody declared is named in a warning and does not get lost: the payload has it."""
    demo.list(projects(25, upstreamExtra="new column"))
    outcome = demo.fetch()
    warning = "unknown column 'upstreamExtra': kept in the payload, not loaded; declare it in source.yml"
    assert (outcome.status, outcome.warnings) == ("complete", [warning])


def test_retries_and_the_source_clock_are_in_the_outcome(demo: Demo) -> None:
    """Every request that had to be asked again is recorded with its reason."""
    listed = demo.list(projects(25))
    demo.server.answer_to = lambda asked: Answer(b"busy", 503) if len(demo.server.asked) == 3 else listed(asked)
    outcome = demo.fetch()
    url = "https://demo.example/list?page=2"
    assert [retry.model_dump() for retry in outcome.retries] == [
        {"url": url, "problem": f'{url}: answered 503: "busy"', "waited_seconds": 1.0}
    ]
    assert (outcome.finished_at - outcome.started_at).seconds == 1
    assert outcome.source_clock
    assert outcome.requests == 8


def test_progress_is_told_page_by_page(demo: Demo) -> None:
    """Who watches hears resource, records so far and declared total after each page."""
    heard: list[tuple[str, int, int]] = []
    demo.list(projects(9))
    demo.fetch(progress=lambda *told: heard.append(told))
    assert heard == [("demo/project", 4, 9), ("demo/project", 8, 9), ("demo/project", 9, 9)]


# -- nights that do not ----------------------------------------------------------------------------------------------


def test_a_maintenance_page_in_the_middle_is_partial(demo: Demo) -> None:
    """Page 5 of 7 answers HTML four times: the fetch is partial, says how far it came and may be tried again."""
    listed = demo.list(projects(25))
    demo.server.answer_to = lambda asked: MAINTENANCE if asked.query["page"] == "4" else listed(asked)
    outcome = demo.fetch()
    assert facts(outcome) == ("partial", 25, 16, 0)
    assert outcome.message
    assert outcome.message.startswith('https://demo.example/list?page=4: answered HTML instead of JSON: "系统维护中"')
    assert outcome.message.endswith("; fetched 16 of 25 declared")
    assert outcome.next == "the next night tries again; `fsdb extract demo --run-date 2026-07-20` tries now"
    assert (outcome.retriable, len(outcome.retries), outcome.requests) == (True, 3, 8)
    assert sorted(outcome.files) == ["payloads.parquet"]
    assert len(pq.read_table(demo.folder() / "payloads.parquet")) == 8


def test_a_source_that_is_down_is_failed(demo: Demo) -> None:
    """Nothing came: `failed`, with the last answer's words and what was kept of it."""
    demo.server.say(Answer(b"<h1>Service Unavailable</h1>", 503))
    outcome = demo.fetch()
    assert facts(outcome) == ("failed", None, 0, 0)
    assert outcome.message == 'https://demo.example/list?page=0: answered 503: "Service Unavailable"'
    assert outcome.retriable
    assert [payload["status"] for payload in pq.read_table(demo.folder() / "payloads.parquet").to_pylist()] == [503] * 4


def test_a_refusal_is_final(demo: Demo) -> None:
    """A source that says no is not to be asked again by a machine: a person looks at source and spec."""
    demo.server.say(Answer(b"", 403))
    outcome = demo.fetch()
    assert (outcome.status, outcome.retriable, outcome.requests) == ("failed", False, 1)
    assert outcome.next == "look at the source and its spec, then `fsdb extract demo --run-date 2026-07-20`"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (as_json({"data": ["p1"], "total": 1}), "expected a list of records, got 'p1' among them"),
        (as_json({"data": {"p1": {}}, "total": 1}), "expected list at 'data' of the answer, got {'p1': {}}"),
        (as_json({"data": [{"id": 1, "cmpnm": "x"}], "total": 1}), "required column name is missing from every record"),
        (as_json({"data": [{"id": "", "name": "x"}], "total": 1}), "record 1 of payload"),
        (as_json({"data": [{"id": {"a": 1}, "name": "x"}], "total": "1"}), "expected int at 'total' of the answer"),
    ],
    ids=["not records", "not a list", "column gone", "no key", "total of another kind"],
)
def test_an_answer_that_is_not_what_was_declared_is_final(answer: Answer, words: str, demo: Demo) -> None:
    """A changed source is an outcome, not a crash: it names what was expected and what came."""
    demo.server.say(answer)
    outcome = demo.fetch()
    assert outcome.status in ("failed", "partial")
    assert not outcome.retriable
    assert words in str(outcome.message)
    assert ("of payload" in words) or str(outcome.message).startswith("https://demo.example/list?page=0: ")


@pytest.mark.parametrize(("total", "records"), [(26, 25), (24, 25)])
def test_declared_and_distinct_records_must_agree(total: int, records: int, demo: Demo) -> None:
    """Less than declared, or more, is not the whole list."""
    pages = {"0": projects(records)}
    demo.server.answer_to = lambda asked: as_json({"data": pages.get(asked.query["page"], []), "total": total})
    outcome = demo.fetch()
    assert facts(outcome) == ("partial", total, records, records)
    assert outcome.message == f"the source declared {total} records, {records} distinct ones came"
    assert outcome.retriable


def test_a_list_that_says_a_record_twice_is_not_whole(demo: Demo) -> None:
    """A repeat that the total counts is told: one of the two records is missing."""
    demo.list([*projects(24), projects(1)[0]])
    outcome = demo.fetch()
    assert facts(outcome) == ("partial", 25, 25, 24)
    assert outcome.message == "the source declared 25 records, 24 distinct ones came"


def test_a_well_formed_empty_answer_is_not_believed(demo: Demo) -> None:
    """No rows and a total of 0 is below the envelope: failed, and an operator can say that it is right."""
    demo.list([])
    outcome = demo.fetch()
    assert facts(outcome) == ("failed", 0, 0, 0)
    assert outcome.message == "0 records, the spec expects at least 20"
    assert outcome.next == "if the source is right: `fsdb extract demo --run-date 2026-07-20 --accept-volume`"
    assert pq.read_table(demo.folder() / "records.parquet").num_rows == 0
    assert facts(demo.fetch(accept_volume=True)) == ("complete", 0, 0, 0)


def test_a_loss_beyond_the_drift_is_not_believed(demo: Demo) -> None:
    """More than a tenth gone since the last good night stops; a tenth does not; an operator may accept more."""
    demo.list(projects(30))
    demo.fetch(0)
    demo.list(projects(26))
    outcome = demo.fetch(1)
    assert facts(outcome) == ("partial", 26, 26, 26)
    assert outcome.message == "26 records, 30 on 2026-07-20: a loss of more than 10% is not believed"
    assert outcome.next == "if the source is right: `fsdb extract demo --run-date 2026-07-21 --accept-volume`"
    assert facts(demo.fetch(1, accept_volume=True)) == ("complete", 26, 26, 26)
    demo.list(projects(24))
    assert demo.fetch(2).status == "complete"


def test_accepting_the_volume_accepts_nothing_else(demo: Demo) -> None:
    """An operator's word on the number of rows does not make half a list whole."""
    demo.list(projects(25), total=26)
    assert demo.fetch(accept_volume=True).status == "partial"


# -- attempts on disk ------------------------------------------------------------------------------------------------


def test_a_second_attempt_never_touches_the_first(demo: Demo) -> None:
    """Attempts of a night are counted up, and what one wrote stays byte for byte."""
    demo.server.say(MAINTENANCE)
    assert demo.fetch().attempt == 1
    before = {path: path.read_bytes() for path in demo.folder().iterdir()}
    demo.list(projects(25))
    assert demo.fetch().attempt == 2
    assert demo.fetch().attempt == 3
    assert {path: path.read_bytes() for path in demo.folder().iterdir()} == before
    accepted = demo.archive.accepted("demo", "project", FIRST)
    assert accepted
    assert accepted.outcome.attempt == 3


def test_leftovers_of_a_killed_attempt_are_cleaned(demo: Demo) -> None:
    """What a killed process left half written is no attempt, takes no number and goes with the next one."""
    leftover = demo.folder().with_name(".attempt=01.0123abcd.tmp")
    leftover.mkdir(parents=True)
    (leftover / "payloads.parquet").write_bytes(b"half")
    assert demo.archive.last("demo", "project", FIRST) is None
    demo.list(projects(25))
    assert demo.fetch().attempt == 1
    assert [path.name for path in demo.folder().parent.iterdir()] == ["attempt=01"]


@pytest.mark.parametrize("full", ["payloads", "records", "outcome"])
def test_a_full_disk_leaves_no_visible_attempt(full: str, demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever could not be written: `OSError`, no attempt, and the next try finishes the night."""

    def no_space(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    demo.list(projects(25))
    with monkeypatch.context() as patch:
        if full == "payloads":
            patch.setattr(PayloadWriter, "add", no_space)
        if full == "records":
            patch.setattr("extractors.core.records.write_parquet", no_space)
        if full == "outcome":
            patch.setattr(Path, "write_text", no_space)
        with pytest.raises(OSError, match="No space left on device"):
            demo.fetch()
    assert demo.archive.last("demo", "project", FIRST) is None
    assert facts(demo.fetch()) == ("complete", 25, 25, 25)
    assert [path.name for path in demo.folder().parent.iterdir()] == ["attempt=01"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device /dev/full on this system")
def test_a_disk_that_is_full_for_duckdb_is_full() -> None:
    """The SQL engine's own error for a full disk arrives as `OSError` like any other."""
    with duckdb.connect() as con, pytest.raises(OSError, match="No space left on device"):
        write_parquet(con, "select range as a from range(100000)", Path("/dev/full"))


# -- what the person who is woken up reads ---------------------------------------------------------------------------


def test_the_message_names_source_place_expected_got_and_next(demo: Demo) -> None:
    """Half a night tells where it broke, what came of what was due, what is kept and what happens next."""
    listed = demo.list(projects(25))
    demo.server.answer_to = lambda asked: MAINTENANCE if asked.query["page"] == "4" else listed(asked)
    outcome = demo.fetch(3)
    first, *rest = describe(outcome, FIRST, 3).split("\n")
    assert first.startswith("demo/project 2026-07-23: partial: https://demo.example/list?page=4: answered HTML")
    assert first.endswith("fetched 16 of 25 declared")
    assert rest == [
        "  nothing was removed; the release keeps the rows of 2026-07-20 (3 night(s) old, limit 3)",
        "  next: the next night tries again; `fsdb extract demo --run-date 2026-07-23` tries now",
    ]
    assert describe(outcome, None, 3).split("\n")[1] == "  there are no earlier rows to keep"


def test_a_good_night_is_told_in_one_line(demo: Demo) -> None:
    """Records of declared, nothing else."""
    demo.list(projects(25))
    assert describe(demo.fetch(), FIRST, 3) == "demo/project 2026-07-20: complete: 25 records of 25 declared"


def test_a_resource_without_a_reader_is_a_fault_of_the_spec() -> None:
    """A resource in `source.yml` for which the source's module has no function is named."""
    with pytest.raises(SpecError, match=r"extractors.sources.sse.extractor: no function 'bond' for the resource"):
        extractor_of("sse", "bond")


# -- resources in parts ------------------------------------------------------------------------------------------------


@pytest.fixture
def banks(  # replaces the extractor that `demo` put in
    demo: Demo,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, list[Record] | Exception | str]:
    """What each bank's list gives tonight: records, a failure of that bank alone, or the end of the whole reading."""
    lists: dict[str, list[Record] | Exception | str] = {}

    def by_bank(_client: Client) -> Iterator[Page | Broken]:
        for bank, given in lists.items():
            if isinstance(given, Exception):
                raise given
            yield Broken(bank, given) if isinstance(given, str) else Page(given, len(given), partition=bank)

    monkeypatch.setattr(module, "extractor_of", lambda *_: by_bank)
    return lists


def of_bank(bank: str, count: int) -> list[Record]:
    return [{"id": f"{bank}{at}", "name": "贷款"} for at in range(count)]


def test_a_bank_that_fails_leaves_the_others_whole(demo: Demo, banks: dict[str, Any]) -> None:
    """The outcome is partial and says which part and why; the whole parts can enter the change log."""
    banks |= {"anz": of_bank("anz", 12), "nab": "answered 500", "boq": of_bank("boq", 10)}
    outcome = demo.fetch()
    assert (outcome.status, outcome.is_usable, sorted(outcome.parts)) == ("partial", True, ["anz", "boq"])
    assert outcome.broken == {"nab": "answered 500"}
    assert outcome.message == "1 of 3 parts did not come whole: nab: answered 500"
    assert [speaker.parts for speaker in demo.archive.speaking("demo", "project", FIRST)] == [["anz", "boq"]]


def test_what_came_whole_before_the_reading_broke_off_stays(demo: Demo, banks: dict[str, Any]) -> None:
    """A register that dies half-way still gave the banks read before."""
    banks |= {"anz": of_bank("anz", 21), "nab": TransientError("the line is dead")}
    outcome = demo.fetch()
    assert (outcome.status, list(outcome.parts)) == ("partial", ["anz"])
    assert outcome.message == "the line is dead; fetched 21 of 21 declared"


def test_a_bank_that_shrinks_by_half_is_not_believed(demo: Demo, banks: dict[str, Any]) -> None:
    """Drift is judged part by part; the operator can accept it."""
    banks |= {"anz": of_bank("anz", 12), "boq": of_bank("boq", 10)}
    demo.fetch(0)
    banks |= {"anz": of_bank("anz", 6), "boq": of_bank("boq", 15)}
    outcome = demo.fetch(1)
    assert (outcome.status, list(outcome.parts)) == ("partial", ["boq"])
    assert "anz: 6 records, 12 on 2026-07-20: a loss of more than 10% is not believed" in str(outcome.message)
    assert "--accept-volume" in str(outcome.next)
    assert demo.fetch(1, accept_volume=True).status == "complete"


def test_a_bug_in_an_extractor_is_an_outcome_not_the_end_of_the_night(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other sources go on; the message says whose fault it is, and waiting is not advised."""

    def broken(_client: Client) -> Iterator[Page]:
        yield Page([{"id": "1"}][5]["x"], 1)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "extractor_of", lambda *_: broken)
    outcome = demo.fetch()
    assert (outcome.status, outcome.retriable) == ("failed", False)
    assert "a fault of ours, not of the source: IndexError" in str(outcome.message)
