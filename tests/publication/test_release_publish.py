"""Only what the gate passed is published; the pointer moves at once and can be moved back."""

import json
import stat
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from publication_world import DAY, NOW, World, finding, project, state

from publication import ledger
from publication.errors import GateNotPassed, PublicationError
from publication.publish import current, path_of, publish, releases, retain, rollback, verify

pytestmark = pytest.mark.usefixtures("written_here")
NEXT_DAY = DAY + timedelta(1)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two tables are enough to see a release come and go."""
    return World(tmp_path / "data", ("listing_pipeline.project", "quality.source_status"))


def current_id(world: World) -> str | None:
    now = current(world.releases)
    return now.release_id if now else None


def changed(number: int) -> dict[str, Any]:
    """A state like no other."""
    return state(project=[project(1, status=f"status {number}")])


# -- publishing ----------------------------------------------------------------------------------------------


def test_a_release_is_complete_sealed_and_current(world: World) -> None:
    release = world.night()
    assert current(world.releases) == release
    assert release.path == world.releases / release.release_id
    assert (release.run_date, release.published_at, release.base) == (DAY, world.clock, None)
    assert release.tables["listing_pipeline.project"] == {"rows": 3, "delta": {}}
    assert release.gate == "passed"
    assert verify(world.releases, release.release_id) == []
    assert not world.candidate(DAY).exists()
    for name in ("gate.json", "report.html", "datapackage.json", "fsdb.duckdb"):
        assert (release.path / name).is_file()
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o444 for p in release.path.rglob("*") if p.is_file())


def test_the_checksums_are_those_of_sha256sum(world: World) -> None:
    release = world.night()
    done = subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "CHECKSUMS"], cwd=release.path, check=False)
    assert done.returncode == 0
    listed = {line.split("  ")[1] for line in (release.path / "CHECKSUMS").read_text().splitlines()}
    assert listed == {p.relative_to(release.path).as_posix() for p in release.path.rglob("*") if p.is_file()} - {
        "CHECKSUMS"
    }


def test_the_release_says_what_the_gate_said(world: World) -> None:
    world.build()
    world.judge(
        DAY,
        finding("7.1"),
        finding("7.6", severity="warning", success=False),
        finding("7.2", success=False, accepted=True),
    )
    release = world.publish()
    assert release.gate == "passed, 1 warning, 1 accepted"
    assert json.loads((release.path / "release.json").read_bytes())["gate"] == {
        "passed": True,
        "checks": 3,
        "warnings": 1,
        "critical": 0,
        "accepted": 1,
    }


def test_the_second_night_knows_what_changed(world: World) -> None:
    first = world.night()
    second = world.night(state(project=[project(1), project(2, status="x"), project(4)]), NEXT_DAY)
    assert current_id(world) == second.release_id
    assert second.base == first.release_id
    assert second.tables["listing_pipeline.project"] == {
        "rows": 3,
        "delta": {"added": 1, "changed": 1, "removed": 1},
    }
    assert [release.release_id for release in releases(world.releases)] == [
        second.release_id,
        first.release_id,
    ]
    pointer = json.loads((world.releases / "current.json").read_bytes())
    assert (pointer["release_id"], pointer["path"]) == (second.release_id, second.release_id)


def test_the_same_night_again_is_the_same_release(world: World) -> None:
    first = world.night()
    inode = (first.path / "fsdb.duckdb").stat().st_ino
    again = world.night()
    assert again == first
    assert (again.path / "fsdb.duckdb").stat().st_ino == inode
    assert not world.candidate(DAY).exists()
    assert len(ledger.entries(world.releases)) == 1


def test_the_same_night_with_other_facts_is_another_release(world: World) -> None:
    first = world.night()
    second = world.night(changed(1))
    assert second.release_id != first.release_id
    assert second.base == first.release_id
    assert current_id(world) == second.release_id


def test_a_backfilled_night_is_published_but_not_current(world: World) -> None:
    last = world.night(changed(2), NEXT_DAY)
    earlier = world.night(changed(1), DAY)
    assert current_id(world) == last.release_id
    assert earlier.base is None
    between = world.night(changed(3), DAY)
    assert (between.base, current_id(world)) == (None, last.release_id)
    assert path_of(world.releases, earlier.release_id).is_dir()


def test_a_backfilled_night_is_compared_with_the_night_before_it(world: World) -> None:
    first = world.night(changed(1), DAY)
    world.night(changed(3), DAY + timedelta(2))
    assert world.night(changed(2), NEXT_DAY).base == first.release_id


# -- what is refused -----------------------------------------------------------------------------------------


def refused(world: World, kind: type[PublicationError], message: str) -> None:
    """Publishing fails with this message, and nothing that people see moves."""
    before = current_id(world)
    listed = sorted(path.name for path in world.releases.iterdir()) if world.releases.exists() else []
    with pytest.raises(kind, match=message):
        world.publish()
    assert current_id(world) == before
    assert (sorted(path.name for path in world.releases.iterdir()) if world.releases.exists() else []) == listed


def test_a_candidate_that_was_not_judged_is_refused(world: World) -> None:
    world.build()
    refused(world, GateNotPassed, r"was not judged: .*gate\.json is missing; next: audit")


def test_a_candidate_that_was_stopped_is_refused_with_the_reason(world: World) -> None:
    world.night(run_date=DAY - timedelta(1))
    world.build()
    world.judge(DAY, finding("7.2", title="every exchange present", success=False), passed=False)
    refused(
        world,
        GateNotPassed,
        r"the gate stopped 2026-07-14-\w+: 7\.2 every exchange present; the current release stays",
    )


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        ("{", "is not JSON"),
        ('{"passed": true}', "judges None"),
        ('{"passed": true, "run_date": "2026-07-13"}', "judges 2026-07-13"),
    ],
)
def test_a_verdict_on_something_else_is_refused(world: World, gate: str, message: str) -> None:
    world.build()
    (world.candidate(DAY) / "gate.json").write_text(gate)
    refused(world, GateNotPassed, message)


@pytest.mark.parametrize("passed", ['"yes"', "1", "null"])
def test_only_true_is_passed(world: World, passed: str) -> None:
    world.build()
    (world.candidate(DAY) / "gate.json").write_text(f'{{"passed": {passed}, "run_date": "2026-07-14", "findings": []}}')
    refused(world, GateNotPassed, "it does not say")


def test_no_candidate_is_said(world: World) -> None:
    refused(world, PublicationError, "no candidate at .*2026-07-14; next: build the night")


@pytest.mark.parametrize("file", ["fsdb.duckdb", "listing_pipeline/project.parquet", "datapackage.json"])
def test_a_candidate_edited_after_the_gate_is_refused(world: World, file: str) -> None:
    world.build()
    world.judge()
    path = world.candidate(DAY) / file
    path.write_bytes(path.read_bytes() + b" ")
    refused(world, PublicationError, rf"was changed after it was written:(.|\n)*  2026-07-14/{file}: changed")


def test_a_candidate_with_another_id_is_refused(world: World) -> None:
    world.build()
    world.judge()
    path = world.candidate(DAY) / "release.json"
    path.write_text(path.read_text().replace('"release_id": "2026-07-14-', '"release_id": "2026-07-14-0', 1))
    refused(world, PublicationError, "its id is not the id of its tables")
    path.write_text("{")
    refused(world, PublicationError, r"release\.json is damaged")


def test_a_file_that_does_not_belong_is_refused(world: World) -> None:
    world.build()
    world.judge()
    (world.candidate(DAY) / "notes.txt").write_text("mine")
    refused(world, PublicationError, r"notes\.txt: added")


def test_the_same_night_does_not_bless_an_edited_release(world: World) -> None:
    first = world.night()
    (first.path / "gate.json").chmod(0o644)
    (first.path / "gate.json").write_text("{}")
    world.path.joinpath("releases/current.json").unlink()  # so that nothing is compared with it
    world.build()
    world.judge()
    with pytest.raises(PublicationError, match=r"published already, but was changed since:\n  .*gate\.json: changed"):
        world.publish()


# -- rolling back --------------------------------------------------------------------------------------------


def test_rollback_moves_the_pointer_and_the_next_night_goes_on_from_there(world: World) -> None:
    first = world.night(changed(1))
    world.night(changed(2), NEXT_DAY)
    assert rollback(world.releases, first.release_id, now=NOW) == first
    assert current_id(world) == first.release_id
    third = world.night(changed(3), DAY + timedelta(2))
    assert (third.base, current_id(world)) == (first.release_id, third.release_id)


def test_the_night_that_was_rolled_back_can_be_published_again(world: World) -> None:
    first = world.night(changed(1))
    second = world.night(changed(2), NEXT_DAY)
    rollback(world.releases, first.release_id, now=NOW)
    assert world.night(changed(2), NEXT_DAY) == second
    assert current_id(world) == second.release_id


def test_rollback_to_what_is_not_there_names_what_is(world: World) -> None:
    first = world.night()
    with pytest.raises(PublicationError, match=f"2026-01-01-0 is not there in .*; kept: {first.release_id}"):
        rollback(world.releases, "2026-01-01-0", now=NOW)


def test_rollback_to_an_edited_release_is_refused(world: World) -> None:
    first = world.night(changed(1))
    second = world.night(changed(2), NEXT_DAY)
    (first.path / "fsdb.duckdb").unlink()
    with pytest.raises(PublicationError, match=r"not rolled back: .*\n  .*fsdb\.duckdb: missing"):
        rollback(world.releases, first.release_id, now=NOW)
    assert current_id(world) == second.release_id


# -- retention -----------------------------------------------------------------------------------------------


def nights(world: World, count: int) -> list[str]:
    return [world.night(changed(n), DAY + timedelta(n)).release_id for n in range(count)]


def kept(world: World) -> list[str]:
    return sorted(release.release_id for release in releases(world.releases))


def test_retention_keeps_the_newest(world: World) -> None:
    ids = nights(world, 4)
    assert retain(world.releases, 2) == [ids[1], ids[0]]
    assert kept(world) == ids[2:]
    assert not (world.releases / ids[0]).exists()
    assert verify(world.releases, ids[3]) == []
    with pytest.raises(PublicationError, match=f"release {ids[0]} was removed by retention"):
        rollback(world.releases, ids[0], now=NOW)


def test_retention_never_removes_the_current_release(world: World) -> None:
    ids = nights(world, 4)
    rollback(world.releases, ids[0], now=NOW)
    assert retain(world.releases, 1) == [ids[2], ids[1]]
    assert kept(world) == [ids[0], ids[3]]


def test_retention_keeps_a_backfill_it_was_asked_for_after(world: World) -> None:
    nights(world, 3)
    backfill = world.night(changed(9), DAY - timedelta(30)).release_id
    retain(world.releases, 2)
    assert backfill in kept(world)


def test_retention_keeps_at_least_one(world: World) -> None:
    with pytest.raises(PublicationError, match="at least one"):
        retain(world.releases, 0)


def test_a_removed_release_can_come_back(world: World) -> None:
    ids = nights(world, 3)
    retain(world.releases, 1)
    assert world.night(changed(0), DAY).release_id == ids[0]
    assert verify(world.releases, ids[0]) == []


# -- finding one's way ---------------------------------------------------------------------------------------


def test_before_the_first_release(world: World) -> None:
    assert current(world.releases) is None
    assert releases(world.releases) == []
    assert ledger.base_of(world.releases, DAY) is None
    assert retain(world.releases, 3) == []
    with pytest.raises(PublicationError, match="nothing is published yet"):
        path_of(world.releases, None)


def test_a_pointer_to_nothing_is_said_and_the_next_publish_mends_it(world: World) -> None:
    first = world.night(changed(1))
    second = world.night(changed(2), NEXT_DAY)
    second.path.rename(world.path / "taken away")
    with pytest.raises(
        PublicationError, match=f"names {second.release_id}, which is not there; kept: {first.release_id}"
    ):
        current(world.releases)
    rollback(world.releases, first.release_id, now=NOW)
    assert world.night(changed(2), NEXT_DAY).release_id == second.release_id


@pytest.mark.parametrize("name", ["current.json", "index.json"])
def test_a_damaged_pointer_or_ledger_is_named_and_can_be_moved_away(world: World, name: str) -> None:
    first = world.night()
    (world.releases / name).write_text("{")
    with pytest.raises(PublicationError, match=f"{name} is not JSON"):
        current(world.releases)
    (world.releases / name).unlink()
    again = world.night()
    assert (again.release_id, current_id(world)) == (first.release_id, first.release_id)
    assert verify(world.releases, first.release_id) == []


def test_a_directory_of_someone_else_is_left_alone(world: World) -> None:
    world.night()
    other = world.releases / "2026-07-01-0123456789ab"
    other.mkdir()
    (world.releases / "notes").mkdir()
    world.night(changed(1), NEXT_DAY)
    assert other.is_dir()
    assert other.name not in ledger.entries(world.releases)


def test_publish_takes_plain_paths(world: World, tmp_path: Path) -> None:
    world.build()
    world.judge()
    release = publish(world.candidate(DAY), tmp_path / "elsewhere" / "releases", now=NOW)
    assert release.path.parent == tmp_path / "elsewhere" / "releases"
