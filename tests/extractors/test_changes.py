"""`extractors.core.changes`: added, changed, removed, night by night, from whole snapshots only."""

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.core.archive import Archive, Attempt, Outcome, PartCount, Status
from extractors.core.changes import ChangeLog, Night
from extractors.core.deltas import since, standing
from extractors.core.errors import ArchiveError
from extractors.core.files import sha256_of
from extractors.core.spec import Resource

FIRST = date(2026, 7, 13)
FETCHED_AT = datetime(2026, 7, 20, 18, tzinfo=UTC)
Snapshot = dict[str, str]
Build = Callable[..., Resource]


USABLE = ("complete", "unchanged", "some parts")


def _count(snapshot: Snapshot) -> PartCount:
    return PartCount(fetched=len(snapshot), records=len(snapshot), declared=len(snapshot))


def night(number: int) -> date:
    return FIRST + timedelta(number)


class Installation:
    """A raw archive that is written to directly, and the change log beside it. A snapshot is `{id: name}`."""

    def __init__(self, folder: Path, resource: Resource) -> None:
        self.resource, self.folder = resource, folder
        self.archive = Archive(folder / "raw")
        self.log = ChangeLog(folder / "changes", self.archive, "demo", "project", resource, "https://demo.example")

    def attempt(
        self,
        number: int,
        snapshot: Snapshot,
        status: str = "complete",
        parts: dict[str, Snapshot] | None = None,
        **more: Any,
    ) -> Path:
        """Archive the next attempt of a night, as one list or in parts that came whole; return its folder."""
        parts = parts if parts is not None else {"": snapshot}
        last = self.archive.last("demo", "project", night(number))
        attempt = last.outcome.attempt + 1 if last else 1
        folder = self.archive.resource("demo", "project") / f"run_date={night(number)}" / f"attempt={attempt:02d}"
        folder.mkdir(parents=True)
        rows = [
            dict.fromkeys(self.resource.kept)
            | {"id": key, "name": name, "_payload": f"payload of {night(number)}", "_row": at}
            | {"_record_hash": hashlib.md5(f"{key}{name}".encode()).hexdigest()}
            | {"_part": part}
            for part, whole in sorted(parts.items())
            for at, (key, name) in enumerate(sorted(whole.items()))
        ]
        text = [(name, pa.string()) for name in [*self.resource.kept, "_part", "_payload", "_record_hash"]]
        path = folder / "records.parquet"
        pq.write_table(pa.Table.from_pylist(rows, pa.schema([*text, ("_row", pa.int32())])), path)
        outcome = Outcome(
            source="demo",
            resource="project",
            run_date=night(number),
            attempt=attempt,
            status=cast(Status, "partial" if status == "some parts" else status),
            parts={part: _count(whole) for part, whole in parts.items()} if status in USABLE else {},
            content_hash=hashlib.md5(str(sorted(parts.items())).encode()).hexdigest(),
            started_at=FETCHED_AT,
            finished_at=FETCHED_AT,
            files={path.name: sha256_of(path)},
            **more,
        )
        (folder / "outcome.json").write_text(outcome.model_dump_json())
        return folder

    def changes(self, number: int) -> list[tuple[str, str, str | None]]:
        """(change, id, name) of a night, in the order of the file."""
        path = self.folder / "changes" / "demo" / "project" / f"run_date={night(number)}" / "changes.parquet"
        return [(row["_change"], row["id"], row["name"]) for row in pq.read_table(path).to_pylist()]


def replayed(nights: list[Night]) -> Snapshot:
    """The state that a log adds up to."""
    state: Snapshot = {}
    for entry in nights:
        for row in pq.read_table(entry.path).to_pylist():
            if row["_change"] == "removed":
                assert row["name"] == state.pop(row["id"])
            else:
                assert (row["id"] in state) == (row["_change"] == "changed")
                state[row["id"]] = row["name"]
    return state


@pytest.fixture
def installation(tmp_path: Path, resource: Build) -> Installation:
    """An installation that has seen nothing yet."""
    return Installation(tmp_path, resource())


def test_added_changed_removed_and_added_again(installation: Installation) -> None:
    """A key is added when it is not there, changed when its record differs, removed when a whole snapshot lacks it."""
    for number, snapshot in enumerate(
        [{"a": "1", "b": "1"}, {"a": "2", "b": "1", "c": "1"}, {"a": "2", "c": "1"}, {"a": "2", "b": "1", "c": "1"}]
    ):
        installation.attempt(number, snapshot)
    nights = installation.log.update(night(3))
    assert installation.changes(0) == [("added", "a", "1"), ("added", "b", "1")]
    assert installation.changes(1) == [("changed", "a", "2"), ("added", "c", "1")]
    assert installation.changes(2) == [("removed", "b", "1")]
    assert installation.changes(3) == [("added", "b", "1")]
    counts = [(entry.basis.added, entry.basis.changed, entry.basis.removed) for entry in nights]
    assert counts == [(2, 0, 0), (1, 1, 0), (0, 0, 1), (1, 0, 0)]


def test_each_change_says_when_and_where_it_was_seen(installation: Installation) -> None:
    """Night, instant, source address, payload and row go with every change; a removed record keeps its last ones."""
    installation.attempt(0, {"a": "1", "b": "1"})
    installation.attempt(1, {"a": "1"})
    last = installation.log.update(night(1))[-1]
    (row,) = pq.read_table(last.path).to_pylist()
    assert row == {
        "_change": "removed",
        "id": "b",
        "name": "1",
        "more": None,
        "tree": None,
        "_part": "",
        "_record_hash": hashlib.md5(b"b1").hexdigest(),
        "_payload": f"payload of {night(0)}",
        "_row": 1,
        "_url": "https://demo.example",
        "_fetched_at": FETCHED_AT,
        "_run_date": night(1),
    }


@pytest.mark.parametrize("status", ["partial", "failed"])
def test_an_outage_changes_and_removes_nothing(status: str, installation: Installation) -> None:
    """A night that did not come whole is not in the log, whatever records it has; the next whole one is compared with
    the last whole one."""
    installation.attempt(0, {"a": "1", "b": "1"})
    installation.attempt(1, {"a": "2"}, status)
    installation.attempt(2, {"a": "1", "b": "2"})
    nights = installation.log.update(night(2))
    assert [entry.basis.run_date for entry in nights] == [night(0), night(2)]
    assert installation.changes(2) == [("changed", "b", "2")]


def test_an_unchanged_night_is_an_empty_file(installation: Installation) -> None:
    """A night on which nothing changed is in the log, with no rows."""
    installation.attempt(0, {"a": "1"})
    installation.attempt(1, {"a": "1"}, "unchanged")
    assert [entry.basis.added for entry in installation.log.update(night(1))] == [1, 0]
    assert installation.changes(1) == []


def test_a_whole_snapshot_without_records_removes_all(installation: Installation) -> None:
    """An empty list that was believed is a snapshot like any other."""
    installation.attempt(0, {"a": "1", "b": "1"})
    installation.attempt(1, {})
    installation.log.update(night(1))
    assert installation.changes(1) == [("removed", "a", "1"), ("removed", "b", "1")]


def test_later_nights_are_not_looked_at(installation: Installation) -> None:
    """The log up to a night knows nothing of the nights after it."""
    for number in range(3):
        installation.attempt(number, {"a": str(number)})
    assert [entry.basis.run_date for entry in installation.log.update(night(1))] == [night(0), night(1)]


def test_nights_that_are_right_are_left_alone(installation: Installation) -> None:
    """An update touches no file of a night whose snapshots are the same."""
    for number in range(2):
        installation.attempt(number, {"a": str(number)})
    before = {entry.path: entry.path.stat().st_ino for entry in installation.log.update(night(1))}
    installation.attempt(2, {"a": "2"})
    after = {entry.path: entry.path.stat().st_ino for entry in installation.log.update(night(2))}
    assert {path: after[path] for path in before} == before


def test_a_night_fetched_again_is_computed_again_and_so_is_the_next(installation: Installation) -> None:
    """A second whole attempt speaks for its night; the night after is compared with it."""
    installation.attempt(0, {"a": "1"})
    installation.attempt(1, {"a": "2"})
    installation.log.update(night(1))
    installation.attempt(0, {"a": "1", "b": "1"})
    installation.log.update(night(1))
    assert installation.changes(0) == [("added", "a", "1"), ("added", "b", "1")]
    assert installation.changes(1) == [("changed", "a", "2"), ("removed", "b", "1")]


def test_a_night_backfilled_in_between_is_put_in_its_place(installation: Installation) -> None:
    """What a night in between already says is no longer news on the night after it."""
    installation.attempt(0, {"a": "1"})
    installation.attempt(2, {"a": "2", "b": "1"})
    installation.log.update(night(2))
    installation.attempt(1, {"a": "2"})
    installation.log.update(night(2))
    assert installation.changes(1) == [("changed", "a", "2")]
    assert installation.changes(2) == [("added", "b", "1")]


@pytest.mark.parametrize("name", ["changes.parquet", "changes.json"])
@pytest.mark.parametrize("damage", [b"", b"scratched", None])
def test_a_damaged_change_file_is_computed_again(name: str, damage: bytes | None, installation: Installation) -> None:
    """The log is derived: a scratched, emptied or missing file of it is made anew from the archive."""
    for number in range(3):
        installation.attempt(number, {"a": str(number)})
    path = installation.log.update(night(2))[1].path.with_name(name)
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    assert replayed(installation.log.update(night(2))) == {"a": "2"}
    assert installation.changes(1) == [("changed", "a", "1")]


@pytest.mark.parametrize("damage", [b"", b"PAR1", None])
def test_a_half_written_empty_log_is_written_again(damage: bytes | None, installation: Installation) -> None:
    """The log of a source never read has its columns, also after a run that was killed while it wrote it."""
    path = installation.log.empty()
    names = [
        "_change",
        "id",
        "name",
        "more",
        "tree",
        "_part",
        "_record_hash",
        "_payload",
        "_row",
        "_url",
        "_fetched_at",
        "_run_date",
    ]
    assert pq.read_schema(path).names == names
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    assert pq.read_table(installation.log.empty()).num_rows == 0


@pytest.mark.parametrize("damage", [b"scratched", None])
def test_a_damaged_snapshot_is_named_and_nothing_is_derived(damage: bytes | None, installation: Installation) -> None:
    """A raw file that is not what was written there stops the log at it, by name; what was derived stays."""
    installation.attempt(0, {"a": "1"})
    path = installation.attempt(1, {"a": "2"}) / "records.parquet"
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    with pytest.raises(ArchiveError, match=f"{path}: expected sha256 [0-9a-f]{{12}}, got .*: damaged on disk"):
        installation.log.update(night(1))
    assert installation.changes(0) == [("added", "a", "1")]
    assert list(path.parents[3].rglob("*.tmp")) == []


def test_a_damaged_outcome_says_nothing_and_is_named(installation: Installation) -> None:
    """It neither stops the other nights nor counts, its number is not given again, and it can be asked for."""
    folder = installation.attempt(0, {"a": "1"})
    path = folder / "outcome.json"
    path.write_bytes(path.read_bytes()[:50])
    installation.attempt(1, {"a": "2"})
    assert replayed(installation.log.update(night(1))) == {"a": "2"}
    assert installation.archive.damaged("demo", "project") == [folder]
    assert installation.archive.next_number("demo", "project", night(0)) == 2


def test_a_log_of_another_spec_is_computed_again(installation: Installation, resource: Build) -> None:
    """What the spec says decides what the log says, on a machine that has run before as on a new one."""
    installation.attempt(0, {"a": "1"})
    (before,) = installation.log.update(night(0))
    moved = ChangeLog(
        installation.folder / "changes", installation.archive, "demo", "project", resource(), "https://new.example"
    )
    (after,) = moved.update(night(0))
    assert after.basis.origin != before.basis.origin
    assert {row["_url"] for row in pq.read_table(after.path).to_pylist()} == {"https://new.example"}


def test_leftovers_of_a_killed_run_are_cleaned(installation: Installation) -> None:
    """A folder half filled by a run that was killed is neither read nor kept."""
    installation.attempt(0, {"a": "1"})
    leftover = installation.folder / "changes" / "demo" / "project" / f".run_date={night(0)}.0123abcd.tmp"
    leftover.mkdir(parents=True)
    (leftover / "changes.parquet").write_bytes(b"half")
    assert replayed(installation.log.update(night(0))) == {"a": "1"}
    assert not leftover.exists()


def test_a_column_declared_later_makes_old_nights_no_harder_to_read(tmp_path: Path, resource: Build) -> None:
    """Snapshots from before a column was declared can still be compared, also when they have to be computed again."""
    before = Installation(tmp_path, resource())
    for number in range(2):
        before.attempt(number, {"a": str(number), "b": "1"})
    before.log.update(night(1))[1].path.unlink()
    columns = {name: {"as": name, "required": name == "id"} for name in ["id", "name", "more", "tree", "later"]}
    after = Installation(tmp_path, resource(columns))
    after.attempt(2, {"a": "2"})
    assert replayed(after.log.update(night(2))) == {"a": "2"}
    assert after.changes(2) == [("changed", "a", "2"), ("removed", "b", "1")]


snapshots = st.dictionaries(st.sampled_from("abcd"), st.sampled_from("123"))
steps = st.tuples(
    st.integers(0, 3), snapshots, st.sampled_from(["complete"] * 3 + ["partial", "failed"]), st.booleans()
)


@settings(max_examples=8)
@given(steps=st.lists(steps, min_size=1, max_size=6))
def test_the_log_replays_to_every_night(steps: list[tuple[int, Snapshot, str, bool]], resource: Build) -> None:
    """Whatever the order of nights, second attempts, backfills and outages, the changes up to a night add up to its
    snapshot, and are those of a log computed from nothing."""
    with TemporaryDirectory() as folder:
        used = Installation(Path(folder), resource())
        truth: dict[int, Snapshot] = {}
        for number, snapshot, status, looks in steps:
            used.attempt(number, snapshot, status)
            if status == "complete":
                truth[number] = snapshot
            if looks:
                used.log.update(night(3))
        nights = used.log.update(night(3))
        assert [entry.basis.run_date for entry in nights] == [night(number) for number in sorted(truth)]
        for count, number in enumerate(sorted(truth), start=1):
            assert replayed(nights[:count]) == truth[number]
        seen = [used.changes(number) for number in sorted(truth)]
        fresh = ChangeLog(Path(folder) / "fresh", used.archive, "demo", "project", used.resource, "")
        assert [len(pq.read_table(entry.path)) for entry in fresh.update(night(3))] == [len(rows) for rows in seen]


def test_the_accepted_attempt_is_the_last_whole_one(installation: Installation) -> None:
    """A failed second attempt does not take back the first; a whole third one replaces it."""

    def accepted() -> Attempt | None:
        return installation.archive.accepted("demo", "project", night(0))

    installation.attempt(0, {"a": "1"}, "partial")
    assert accepted() is None
    for status, number in [("complete", 2), ("failed", 2), ("unchanged", 4)]:
        installation.attempt(0, {"a": "1"}, status)
        attempt = accepted()
        assert attempt
        assert attempt.outcome.attempt == number


def test_a_part_that_did_not_come_keeps_its_records(installation: Installation) -> None:
    """Removal is per part: what a whole part lacks is gone, another part's outage removes nothing."""
    installation.attempt(0, {}, parts={"north": {"n1": "1", "n2": "1"}, "south": {"s1": "1"}})
    installation.attempt(1, {}, "some parts", parts={"north": {"n1": "2"}})
    installation.attempt(2, {}, parts={"north": {"n1": "2"}, "south": {}})
    nights = installation.log.update(night(2))
    assert installation.changes(1) == [("changed", "n1", "2"), ("removed", "n2", "1")]
    assert installation.changes(2) == [("removed", "s1", "1")]
    assert replayed(nights) == {"n1": "2"}


def test_attempts_of_a_night_complete_each_other(installation: Installation) -> None:
    """For each part the last attempt in which it came whole speaks; the accepted one is the most complete."""
    installation.attempt(0, {}, "some parts", parts={"north": {"n1": "1"}})
    installation.attempt(0, {}, "some parts", parts={"south": {"s1": "1"}, "north": {"n1": "2"}})
    installation.attempt(0, {}, "some parts", parts={"south": {"s1": "2"}})
    assert replayed(installation.log.update(night(0))) == {"n1": "2", "s1": "2"}
    speaking = installation.archive.speaking("demo", "project", night(0))
    assert [(speaker.attempt.outcome.attempt, speaker.parts) for speaker in speaking] == [
        (2, ["north"]),
        (3, ["south"]),
    ]
    known = installation.archive.known_parts("demo", "project", night(0))
    assert {name: part.run_date for name, part in known.items()} == {"north": night(0), "south": night(0)}


@pytest.fixture
def feed(tmp_path: Path, resource: Build) -> Installation:
    """An installation that reads a feed of new and changed records, and everything again after a week."""
    return Installation(tmp_path, resource(mode="delta", reconcile="7d"))


def test_a_delta_adds_and_changes_but_never_removes(feed: Installation) -> None:
    """A reading of what is new says nothing about what it does not mention; one of everything does."""
    feed.attempt(0, {"a": "1", "b": "1"})
    feed.attempt(1, {"b": "2", "c": "1"}, whole=False)
    assert replayed(feed.log.update(night(1))) == {"a": "1", "b": "2", "c": "1"}
    feed.attempt(2, {"b": "2"})
    assert replayed(feed.log.update(night(2))) == {"b": "2"}
    assert feed.changes(2) == [("removed", "a", "1"), ("removed", "c", "1")]


def test_what_stands_after_deltas_is_what_the_log_adds_up_to(feed: Installation) -> None:
    """The number of standing rows is exact on every night, whatever was said twice and whenever all was read again."""
    feed.attempt(0, {"a": "1", "b": "1"})
    feed.attempt(1, {"b": "2", "c": "1"}, whole=False)
    feed.attempt(2, {}, whole=False)
    feed.attempt(3, {"b": "2", "d": "1"})
    feed.attempt(4, {"e": "1", "d": "1"}, whole=False)
    nights = feed.log.update(night(4))
    found = [standing(feed.archive, "demo", "project", feed.resource, night(at))[""] for at in range(5)]
    assert found == [2, 3, 3, 2, 3]
    assert found == [len(replayed(nights[: at + 1])) for at in range(5)]


def test_a_reading_begins_where_the_last_night_ended(feed: Installation) -> None:
    """Not where an earlier attempt of the same night ended: the last attempt speaks for the whole night."""

    def begins(number: int) -> str | None:
        return since(feed.archive, "demo", "project", feed.resource, night(number)).cursor

    assert begins(0) is None
    feed.attempt(0, {"a": "1"}, cursor="c0")
    assert begins(0) is None
    feed.attempt(1, {"b": "1"}, whole=False, cursor="c1")
    feed.attempt(2, {}, "failed", parts={})
    assert (begins(1), begins(2), begins(3)) == ("c0", "c1", "c1")


def test_everything_is_read_again_when_the_last_time_is_a_week_ago(feed: Installation) -> None:
    """Nights of changes in between do not put it off."""
    feed.attempt(0, {"a": "1"}, cursor="c0")
    for at in range(1, 7):
        feed.attempt(at, {}, whole=False, cursor=f"c{at}")
    assert since(feed.archive, "demo", "project", feed.resource, night(6)).cursor == "c5"
    assert since(feed.archive, "demo", "project", feed.resource, night(7)).cursor is None
