"""`extractors.core.deliveries`: what becomes of files in the inbox, night by night."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from delivered import HEAD, ROWS, csv, resource, xlsx, zipped_as

from extractors.core import deliveries as module
from extractors.core import verdict
from extractors.core.archive import Archive, Delivery, Outcome
from extractors.core.changes import ChangeLog
from extractors.core.deliveries import deliver, describe
from extractors.core.spec import SourceSpec
from extractors.core.verdict import sha256

NIGHT = date(2026, 7, 1)
JUNE, MAY = "list_33_2026-06-30.csv", "list_33_2026-05-31.csv"
# A list without natural persons, so that the archive keeps files to the byte.
PLAIN = [name for name in HEAD if name != "联系人"]
LINES = [row[:-1] for row in ROWS]


@dataclass
class Inbox:
    """An inbox, an archive, and nights in which one is emptied into the other."""

    root: Path
    clock: Any
    of: dict[str, Any] = field(default_factory=dict)
    night: date = NIGHT

    @property
    def folder(self) -> Path:
        return self.root / "inbox" / "lists"

    @property
    def archive(self) -> Archive:
        return Archive(self.root / "raw")

    def spec(self) -> SourceSpec:
        """A source `lists` with one resource `guarantor`; `of`: what its spec says otherwise."""
        columns = resource().model_dump(by_alias=True, exclude_none=True)["columns"]
        kept = {name: column for name, column in columns.items() if not column.get("personal")}
        drawn = resource(**({"columns": kept} | self.of)).model_dump(by_alias=True, exclude_none=True)
        drawn["rows"]["drift"], drawn["file"]["max_bytes"] = "30%", "5MB"
        drawn["file"]["bad_rows"]["max"] = f"{drawn['file']['bad_rows']['max']:.0%}"
        return SourceSpec.model_validate(
            {
                "id": "lists",
                "title": "Lists",
                "family": "guarantee",
                "jurisdiction": "CN",
                "publisher": {"name": "示例", "homepage": "https://demo.example", "official": True},
                "licence": {"name": "none", "terms": "https://demo.example", "republish": "facts-only"},
                "owner": "lending",
                "cadence": {"cron": "0 2 * * *", "timezone": "Asia/Shanghai", "max_age": "3d"},
                "resources": {"guarantor": drawn},
            }
        )

    def put(self, name: str, content: bytes, **told: Any) -> Path:
        """Drop a file; with `told`, its manifest, in which these fields are said."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        path.write_bytes(content)
        if told:
            self.tell(name, **{"rows": max(content.count(b"\r\n") - 1, 0), "sha256": sha256(content), **told})
        return path

    def tell(self, name: str, **told: Any) -> Path:
        """Drop a manifest."""
        self.folder.mkdir(parents=True, exist_ok=True)
        period = name.split("_")[2].split(".")[0]
        said = {"source": "lists", "sender": "33", "period": period, "issued_at": "2026-07-01T09:00:00+08:00", **told}
        path = self.folder / f"{name}.manifest.json"
        path.write_text(json.dumps({key: value for key, value in said.items() if value is not None}))
        return path

    def take(self, **given: Any) -> Outcome:
        """Take what lies there, and go to the next night."""
        outcome = deliver(self.spec(), "guarantor", self.root / "inbox", self.archive, self.night, self.clock, **given)
        self.night += timedelta(days=1)
        return outcome

    def one(self, **given: Any) -> Delivery:
        """Take the one file that lies there."""
        (delivery,) = self.take(**given).deliveries
        return delivery

    def changes(self) -> list[tuple[str, str, str, str]]:
        """All changes so far: night, part, change, code."""
        spec = self.spec()
        log = ChangeLog(self.root / "changes", self.archive, "lists", "guarantor", spec.resources["guarantor"], "url")
        files = [str(night.path) for night in log.update(self.night)]
        query = """select _run_date::varchar, _part, _change, "机构编码" from read_parquet(?) order by all"""
        return duckdb.execute(query, [files]).fetchall()

    def reports(self, kind: str) -> str:
        """All reports in done/ or rejected/."""
        return "\n".join(path.read_text() for path in sorted((self.folder / kind).rglob("*.report.txt")))

    def left(self) -> list[str]:
        """Files still in the inbox."""
        return sorted(path.name for path in self.folder.iterdir() if path.is_file() or path.is_symlink())


@pytest.fixture
def inbox(tmp_path: Path, clock: Any) -> Inbox:
    return Inbox(tmp_path, clock)


def lines(*rows: list[str]) -> bytes:
    """A good CSV."""
    return csv(PLAIN, *rows)


def many(count: int) -> bytes:
    """A good CSV of so many rows."""
    return lines(*([f"{n:04}", "甲", "1", "1", "", ""] for n in range(count)))


def test_a_good_file_is_loaded_archived_to_the_byte_and_moved_to_done(inbox: Inbox) -> None:
    """The report beside it says what was done; the records know where they came from."""
    content = lines(*LINES)
    inbox.put(JUNE, content)
    outcome = inbox.take()
    assert (outcome.status, outcome.records, outcome.fetched, outcome.parts.keys()) == (
        "complete", 3, 3, {"33|2026-06-30"},
    )  # fmt: skip
    attempt = inbox.archive.last("lists", "guarantor", NIGHT)
    assert attempt
    (payload,) = pq.read_table(attempt.folder / "payloads.parquet").to_pylist()
    assert (payload["body"], payload["url"]) == (content, f"inbox:lists/{JUNE}")
    rows = pq.read_table(attempt.records()).to_pylist()
    assert {(row["_payload"], row["_part"], row["sender"], row["period"]) for row in rows} == {
        (sha256(content), "33|2026-06-30", "33", "2026-06-30")
    }
    assert [row["_row"] for row in rows] == [2, 3, 4]
    assert inbox.left() == []
    done = inbox.folder / "done" / str(NIGHT)
    assert sorted(path.name for path in done.iterdir()) == [JUNE, f"{JUNE}.report.txt"]
    assert inbox.reports("done").startswith(f"LOADED  {JUNE}")


def test_a_night_without_files_is_unchanged(inbox: Inbox) -> None:
    """Not an error, and no statement about anything; even where there is no folder."""
    outcome = inbox.take()
    assert (outcome.status, outcome.parts, outcome.is_good, outcome.is_usable) == ("unchanged", {}, True, False)
    assert describe(outcome).endswith("no file came")


def test_files_that_are_still_being_written_are_left_alone(inbox: Inbox) -> None:
    """They are not even named; folders neither."""
    for name in (f".{JUNE}", f"{JUNE}.tmp", f"{JUNE}.part"):
        inbox.put(name, b"x")
    (inbox.folder / "done").mkdir()
    assert inbox.take().deliveries == []
    assert len(inbox.left()) == 3


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("lists.csv", lines(*LINES), "the name fits no file of lists: expected guarantor: ^list_"),
        (f"{JUNE}.exe", lines(*LINES), "the name fits no file of lists"),
        ("list_33_2026-06-31.csv", lines(*LINES), "expected a day, got '2026-06-31'"),
        ("list_33_2027-06-30.csv", lines(*LINES), "lies ahead: tonight is 2026-07-01"),
        (JUNE, b"", "the file is empty"),
        (JUNE, b"<html>404</html>", "expected 机构编码, 名称, got"),
        (JUNE, csv(PLAIN), "0 records: expected 1 to 1000"),
        (JUNE, many(1001), "1001 records: expected 1 to 1000"),
        (JUNE, bytes(5_000_001), "has 5,000,001 bytes: at most 5,000,000"),
        ("list_33_2026-06-30.zip", zipped_as({"a.csv": bytes(150_000_000)}), "would unpack to 150,000,000"),
    ],
)
def test_a_bad_file_is_rejected_with_a_report(inbox: Inbox, name: str, content: bytes, said: str) -> None:
    """It lies in rejected/ as it came; the attempt failed, and nothing of it was loaded."""
    inbox.put(name, content)
    outcome = inbox.take()
    assert (outcome.status, outcome.records, outcome.parts) == ("failed", 0, {})
    assert said in str(outcome.message)
    assert "*.report.txt" in str(outcome.next)
    assert (inbox.folder / "rejected" / str(NIGHT) / name).read_bytes() == content
    report = inbox.reports("rejected")
    assert report.startswith("REJECTED")
    assert said in report
    assert "there is no earlier delivery of it; " in report
    assert not (inbox.folder / "done").exists()


def test_what_leads_out_of_the_inbox_is_rejected(inbox: Inbox, tmp_path: Path) -> None:
    """A link is moved away as the link it is; what it points at is not read."""
    secret = tmp_path / JUNE
    secret.write_bytes(lines(*LINES))
    inbox.folder.mkdir(parents=True)
    (inbox.folder / JUNE).symlink_to(secret)
    os.mkfifo(inbox.folder / MAY)
    outcome = inbox.take()
    pipe, link = (delivery.message for delivery in outcome.deliveries)
    assert (pipe, link) == ("the file is no plain file", "the file is a link: expected the file itself")
    assert secret.exists()
    assert inbox.left() == []
    assert outcome.bytes == 0


def test_one_bad_file_does_not_stop_the_good_one(inbox: Inbox) -> None:
    """Some rejected is partial; what was good is loaded."""
    inbox.put(MAY, lines(*LINES))
    inbox.put(JUNE, b"x")
    outcome = inbox.take()
    assert (outcome.status, outcome.records) == ("partial", 3)
    assert list(outcome.parts) == ["33|2026-05-31"]
    assert list(outcome.broken) == ["33|2026-06-30"]
    head, bad, good, then = describe(outcome).split("\n")
    assert head.endswith("partial: 2 file(s), 3 records")
    assert bad.startswith(f"  {JUNE}: rejected: ")
    assert good == "  1 file(s) loaded without a fault"
    assert then.startswith("  next: read ")


def test_a_fault_of_ours_rejects_the_file_and_not_the_others(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it is and where, but nothing of what was read; a broken disk is no verdict on a file."""
    inbox.put(MAY, lines(*LINES))
    inbox.put(JUNE, lines(*LINES[:2]))
    check, problem = verdict.check, [ValueError("could not convert 张三")]

    def odd(table: Any, *given: Any) -> Any:
        if table.num_rows == 2:
            raise problem[0]
        return check(table, *given)

    monkeypatch.setattr(verdict, "check", odd)
    outcome = inbox.take()
    assert [delivery.status for delivery in outcome.deliveries] == ["loaded", "rejected"]
    message = str(outcome.deliveries[1].message)
    assert message.startswith("a fault of ours, not of the file: ValueError in ")
    assert "张三" not in inbox.reports("rejected")
    assert "tell those who run this" in inbox.reports("rejected")
    problem[0] = OSError("no room")
    inbox.put(JUNE, lines(*LINES[:2]))
    with pytest.raises(OSError, match="no room"):
        inbox.take()


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("名单.csv".encode("gbk"), "名单.csv"),
        (b"\xff\xff.csv", "\\xff\\xff.csv"),
        (b"a\nLOADED.csv", "a\\nLOADED.csv"),
        (f"{'名' * 77}.csv".encode(), None),
        (f"{'名' * 120}.csv".encode("gbk"), None),
    ],
)
def test_a_file_of_any_name_is_judged_and_put_away(inbox: Inbox, raw: bytes, shown: str | None) -> None:
    """A name in another encoding, with a line break, or too long to get a report of its own beside it."""
    inbox.put(MAY, lines(*LINES))
    path = os.fsencode(inbox.folder) + b"/" + raw
    os.rename(inbox.put("x", lines(*LINES)), path)  # noqa: PTH104 (a name that is no text)
    outcome = inbox.take()
    assert sorted(delivery.status for delivery in outcome.deliveries) == ["loaded", "rejected"]
    assert inbox.left() == []
    assert inbox.take().deliveries == []
    file, report = sorted((inbox.folder / "rejected" / str(NIGHT)).iterdir())
    assert report.name == f"{file.name}.report.txt"
    assert file.suffix == ".csv"
    assert shown is None or (file.name, shown in report.read_text()) == (shown, True)


def test_bad_rows_are_withheld_or_refuse_the_file_as_declared(inbox: Inbox) -> None:
    """The ledger holds: fetched = records + duplicates + rejected."""
    content = lines(*LINES, LINES[0], ["", "丁", "", "", "", ""], ["0009", "戊", "x", "", "", ""])
    inbox.put(JUNE, content)
    outcome = inbox.take()
    assert (outcome.fetched, outcome.records, outcome.duplicates, outcome.rejected) == (6, 4, 1, 1)
    assert outcome.parts["33|2026-06-30"].rejected == 1
    assert (outcome.status, outcome.deliveries[0].faulty) == ("complete", 1)
    report = inbox.reports("done")
    assert 'row 7, 注册资本: expected a number, got "x"' in report
    assert "row 6, 机构编码: expected a value, got nothing" in report
    attempt = inbox.archive.last("lists", "guarantor", NIGHT)
    assert attempt
    faults = [row["fault"] for row in pq.read_table(attempt.records()).to_pylist()]
    assert faults == [None, None, None, 'row 7, 注册资本: expected a number, got "x"']
    inbox.of = {"file": {"bad_rows": {"policy": "delivery", "max": "50%"}}}
    inbox.put(MAY, content)
    assert "2 of 6 rows are bad, and one refuses the whole file; the first: row 6" in str(inbox.one().message)
    inbox.of = {"file": {"bad_rows": {"policy": "row", "max": "10%"}}}
    inbox.put(MAY, content)
    assert "2 of 6 rows are bad: more than 10% refuse" in str(inbox.one().message)


def test_a_correction_changes_its_part_and_nothing_else(inbox: Inbox) -> None:
    """Of the period that was corrected one row changed, one went, one came; the other period stays."""
    inbox.put(MAY, lines(*LINES))
    inbox.put(JUNE, lines(*LINES))
    inbox.take()
    before = inbox.changes()
    changed = [["0001", "甲示范担保", *LINES[0][2:]], LINES[1], ["0004", "丁担保", "1", "1", "", ""]]
    inbox.put(MAY, lines(*changed))
    outcome = inbox.take()
    assert "replaces" in str(outcome.deliveries[0].message)
    assert inbox.changes()[len(before) :] == [
        ("2026-07-02", "33|2026-05-31", "added", "0004"),
        ("2026-07-02", "33|2026-05-31", "changed", "0001"),
        ("2026-07-02", "33|2026-05-31", "removed", "0003"),
    ]


def test_a_late_period_is_its_own_part(inbox: Inbox) -> None:
    """It removes nothing of the newer one."""
    inbox.put(JUNE, lines(*LINES))
    inbox.take()
    inbox.put(MAY, lines(LINES[0], LINES[1]))
    inbox.take()
    assert {change[1:3] for change in inbox.changes()} == {("33|2026-06-30", "added"), ("33|2026-05-31", "added")}


def test_a_repeat_is_recognised_and_an_old_version_refused(inbox: Inbox) -> None:
    """The same content again loads nothing; a replaced version comes back only with a newer manifest."""
    old, new = lines(*LINES), lines(LINES[0], LINES[1])
    inbox.put(JUNE, old)
    inbox.take()
    inbox.put(JUNE, old)
    again = inbox.take()
    assert (again.status, again.parts, again.deliveries[0].status) == ("unchanged", {}, "repeated")
    inbox.put(JUNE, new)
    assert inbox.one().status == "loaded"
    inbox.put(JUNE, old)
    stale = inbox.one()
    assert stale.status == "rejected"
    assert "loaded on 2026-07-01 and replaced since" in str(stale.message)
    inbox.put(JUNE, old, issued_at="2026-07-05T00:00:00Z")
    assert inbox.one().status == "loaded"
    inbox.put(JUNE, new, issued_at="2026-07-04T00:00:00Z")
    assert "before the delivery in force" in str(inbox.one().message)


def test_a_manifest_alone_withdraws_its_part(inbox: Inbox) -> None:
    """Every record of the part is removed; withdrawing nothing is refused; one that only announces waits."""
    inbox.put(MAY, lines(*LINES))
    inbox.put(JUNE, lines(*LINES))
    inbox.take()
    waits = inbox.tell("list_33_2026-06-15.csv", rows=3, sha256="0" * 64)
    inbox.tell(JUNE, withdraw=True)
    outcome = inbox.take()
    assert (outcome.status, outcome.deliveries[0].status) == ("complete", "withdrawn")
    assert [change for change in inbox.changes() if change[2] == "removed"] == [
        ("2026-07-02", "33|2026-06-30", "removed", code) for code in ("0001", "0002", "0003")
    ]
    assert inbox.left() == [waits.name]
    inbox.tell(JUNE, withdraw=True, issued_at="2026-07-04T00:00:00Z")
    assert "nothing to withdraw" in str(inbox.one().message)
    inbox.put(JUNE, lines(*LINES))
    assert inbox.one().status == "rejected"  # it was withdrawn; only a newer manifest brings it back
    inbox.put(JUNE, lines(*LINES), issued_at="2026-07-05T00:00:00Z")
    assert inbox.one().status == "loaded"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"rows": 4}, "the manifest says 4 rows, the file has 3"),
        ({"sha256": "0" * 64}, "the manifest says sha256 0000"),
        ({"sender": "44"}, "the manifest says sender 44, the file is 33"),
        ({"period": "2026-05-31"}, "the manifest says period 2026-05-31, the file is 2026-06-30"),
        ({"source": "other"}, "the manifest says source other, the file is lists"),
        ({"resource": "other"}, "the manifest says resource other, the file is guarantor"),
        ({"rows": None}, "`rows` and `sha256` are needed"),
        ({"extra": 1}, "extra: Extra inputs are not permitted"),
        ({"issued_at": "yesterday"}, "issued_at"),
        ({"withdraw": True}, "send one or the other"),
        ({"issued_at": "2026-07-03T00:00:00+08:00"}, "issued ahead of time: tonight is 2026-07-01, got 2026-07-03"),
        ({"issued_at": "9999-12-31T23:59:59-23:59"}, "issued ahead of time: tonight is 2026-07-01, got 9999-12-31"),
    ],
)
def test_a_manifest_that_lies_refuses_the_file(inbox: Inbox, told: dict[str, Any], said: str) -> None:
    """Whatever it lies about; file and manifest lie in rejected/."""
    inbox.put(JUNE, lines(*LINES), **told)
    assert said in str(inbox.one().message)
    assert (inbox.folder / "rejected" / str(NIGHT) / f"{JUNE}.manifest.json").exists()
    assert inbox.left() == []


def test_a_file_without_a_manifest_after_one_with_it_is_pointed_out(inbox: Inbox) -> None:
    """It may be an old one that was sent again; a clock that is a day ahead is believed."""
    inbox.put(JUNE, lines(*LINES), issued_at="2026-07-02T23:00:00+08:00")
    assert inbox.take().warnings == []
    inbox.put(JUNE, lines(*LINES[:2]))
    outcome = inbox.take()
    said = (
        f"it has no manifest, and replaces {JUNE}, issued at 2026-07-02T23:00:00+08:00: which is newer cannot be told"
    )
    assert (outcome.status, outcome.warnings) == ("complete", [f"{JUNE}: {said}"])
    assert said in inbox.reports("done")


def test_a_manifest_may_be_required(inbox: Inbox) -> None:
    """And one that is no JSON refuses as well, alone too."""
    inbox.of = {"file": {"manifest": "required"}}
    inbox.put(JUNE, lines(*LINES))
    assert f"expected a manifest {JUNE}.manifest.json beside it" in str(inbox.one().message)
    inbox.put(JUNE, lines(*LINES), source="lists")
    assert inbox.one().status == "loaded"
    inbox.put(f"{MAY}.manifest.json", b"{")
    assert "not readable as JSON" in str(inbox.one().message)


def test_running_numbers_declare_how_many_rows_there_are(inbox: Inbox) -> None:
    """A file cut off in the middle is refused; one without the column declares nothing."""
    inbox.of = {"file": {"declared": "序号"}}
    head = ["序号", *PLAIN]
    inbox.put(JUNE, csv(head, ["1", *LINES[0]], ["3", *LINES[2]]))
    assert "the last running number is 3, the file has 2 rows" in str(inbox.one().message)
    inbox.put(JUNE, csv(head, ["1", *LINES[0]], ["2", *LINES[2]]))
    assert inbox.one().status == "loaded"
    inbox.put(MAY, lines(*LINES))
    assert inbox.one().status == "loaded"


def test_unbelievable_numbers_of_rows_wait_for_an_operator(inbox: Inbox) -> None:
    """Compared with the part's last delivery, else with the sender's earlier period; another sender is no measure."""
    inbox.put(MAY, many(10))
    inbox.take()
    inbox.put(JUNE, many(6))
    lost = inbox.one()
    assert "6 records, 10 in list_33_2026-05-31.csv: a loss of more than 30% is not believed" in str(lost.message)
    assert "--accept-volume" in inbox.reports("rejected")
    inbox.put(JUNE, many(6))
    assert inbox.one(accept_volume=True).status == "loaded"
    inbox.put(JUNE, many(600))
    assert "600 records, 6 in list_33_2026-06-30.csv: more than 20 times" in str(inbox.one().message)
    inbox.put("list_44_2026-06-30.csv", many(1))
    assert inbox.one().status == "loaded"


def test_of_several_files_of_a_part_the_last_good_one_counts(inbox: Inbox) -> None:
    """In the order in which they were issued, whatever their names; a bad last one does not undo a good one."""
    inbox.put("list_33_2026-06-30.csv", lines(*LINES), issued_at="2026-07-01T12:00:00Z")
    other = xlsx(PLAIN, *LINES[:2])
    inbox.put("list_33_2026-06-30.xlsx", other, issued_at="2026-07-01T10:00:00Z", rows=2)
    inbox.put("list_33_2026-06-30.xls", b"x", issued_at="2026-07-01T13:00:00Z")
    outcome = inbox.take()
    assert [(d.file_name[-4:], d.status) for d in outcome.deliveries] == [
        ("xlsx", "loaded"),
        (".csv", "loaded"),
        (".xls", "rejected"),
    ]
    assert (outcome.records, outcome.fetched, outcome.broken) == (3, 3, {})
    assert len(inbox.changes()) == 3


def test_natural_persons_stay_out_of_the_archive_and_of_done(inbox: Inbox) -> None:
    """Kept is the table without their columns; the original is gone once it is loaded, also when it is repeated."""
    inbox.of = {"columns": resource().model_dump(by_alias=True, exclude_none=True)["columns"]}
    content = csv([*HEAD, "手机"], *([*row, "13800000000"] for row in ROWS))
    for status in ("loaded", "repeated"):
        inbox.put(JUNE, content)
        assert inbox.one().status == status
    everything = b"".join(path.read_bytes() for path in inbox.folder.rglob("*") if path.is_file())
    for path in inbox.archive.root.rglob("payloads.parquet"):
        for payload in pq.read_table(path).to_pylist():
            everything += payload["body"]
            assert payload["received_sha256"] == sha256(content)
    for path in inbox.archive.root.rglob("records.parquet"):
        everything += str(pq.read_table(path).to_pylist()).encode()
    assert "甲担保".encode() in everything
    for person in ("张三", "李四", "13800000000"):
        assert person.encode() not in everything
    done = inbox.folder / "done" / str(NIGHT)
    assert sorted(path.name for path in done.iterdir()) == [f"{JUNE}.reduced.csv", f"{JUNE}.report.txt"]


def test_a_run_killed_between_the_archive_and_the_move_is_healed_by_the_next(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file lies there again, is recognised, and moved; nothing is loaded twice."""
    inbox.put(MAY, lines(*LINES))
    inbox.put(JUNE, lines(*LINES), source="lists")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(module, "_put_away", killed)
        with pytest.raises(KeyboardInterrupt):
            inbox.take()
    assert inbox.left() == [MAY, JUNE, f"{JUNE}.manifest.json"]
    before = inbox.changes()
    assert [d.status for d in inbox.take().deliveries] == ["repeated", "repeated"]
    assert inbox.left() == []
    assert inbox.changes() == before
    assert "the same content was taken on 2026-07-01" in inbox.reports("done")


def test_a_run_killed_before_the_archive_leaves_the_inbox_as_it_was(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file is moved before the attempt is there to see."""
    inbox.put(JUNE, lines(*LINES))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(module, "reveal", killed)
        with pytest.raises(KeyboardInterrupt):
            inbox.take()
    assert inbox.left() == [JUNE]
    assert inbox.one().status == "loaded"


def test_a_file_that_changes_while_it_is_judged_is_judged_again(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not read is not moved away."""
    path = inbox.put(JUNE, lines(*LINES))
    real: Callable[..., None] = module.reveal

    def overtaken(folder: Path, target: Path) -> None:
        real(folder, target)
        path.write_bytes(lines(LINES[0], LINES[1]))

    with monkeypatch.context() as context:
        context.setattr(module, "reveal", overtaken)
        assert inbox.one().status == "loaded"
    assert inbox.left() == [JUNE]
    assert inbox.one().rows == 2


def test_the_same_name_twice_in_one_night_overwrites_nothing(inbox: Inbox) -> None:
    """Both files and both reports are kept."""
    for rows in (3, 2):
        inbox.night = NIGHT
        inbox.put(JUNE, lines(*LINES[:rows]))
        inbox.take()
    names: Iterator[Path] = (inbox.folder / "done" / str(NIGHT)).iterdir()
    assert sorted(path.name for path in names) == [
        JUNE, f"{JUNE}.report.txt", f"{JUNE}~2", f"{JUNE}~2.report.txt",
    ]  # fmt: skip


def test_the_report_counts_what_was_skipped(inbox: Inbox) -> None:
    """Whoever sent it sees that a line was not taken for a row."""
    inbox.put(JUNE, lines(*LINES, ["合计", "", "6000.5", "12", "", ""], ["注：截至六月底"], ["注：完"]))
    assert inbox.one().rows == 3
    assert "skipped    1 line(s) as total, 2 line(s) as note" in inbox.reports("done")


def test_every_fault_is_in_the_report_up_to_a_number(inbox: Inbox) -> None:
    """200 lines are enough to see what is wrong."""
    inbox.put(JUNE, lines(*([f"{n:04}", "甲", "x", "1", "", ""] for n in range(300))))
    inbox.take()
    report = inbox.reports("rejected")
    assert "bad rows (300, the first 200)" in report
    assert report.count("expected a number") == 201
