"""Any edit by hand of what was published is found and named."""

import json
import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from publication_world import DAY, World, copy, project, state

from publication import files
from publication.publish import current, verify

pytestmark = pytest.mark.usefixtures("written_here")


def writable(path: Path) -> Path:
    path.chmod(0o644)
    return path


def edit_json(path: Path, **values: Any) -> None:
    document = json.loads(path.read_bytes())
    writable(path).write_text(json.dumps({**document, **values}))


def update_database(release: Path) -> None:
    with duckdb.connect(str(writable(release / "fsdb.duckdb"))) as database:
        database.execute("UPDATE listing_pipeline.project SET status = 'listed'")


def link(release: Path) -> None:
    (release / "report.html").unlink()
    (release / "report.html").symlink_to("/etc/hostname")


def reseal(release: Path) -> None:
    """Edit a file and write its new digest into CHECKSUMS, as someone would who knows how it works."""
    writable(release / "gate.json").write_text("{}")
    writable(release / "CHECKSUMS").write_text(files.checksums_text(files.digests(release)))


EDITS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a row in the database": (update_database, "fsdb.duckdb: changed: published"),
    "a byte of a table": (
        lambda release: writable(release / "listing_pipeline/project.parquet").open("ab").write(b"x"),
        "listing_pipeline/project.parquet: changed",
    ),
    "a delta": (
        lambda release: (release / "delta/listing_pipeline/project.parquet").unlink(),
        "delta/.*: missing",
    ),
    "release.json": (
        lambda release: edit_json(release / "release.json", code_version="x"),
        "release.json: changed",
    ),
    "datapackage.json": (
        lambda release: edit_json(release / "datapackage.json", title="x"),
        "datapackage.json: changed",
    ),
    "gate.json": (lambda release: edit_json(release / "gate.json", passed=False), "gate.json: changed"),
    "a file that is gone": (lambda release: (release / "report.html").unlink(), "report.html: missing"),
    "a file more": (lambda release: (release / "notes.txt").write_text("x"), "notes.txt: added"),
    "a file more in a folder": (
        lambda release: (release / "quality/x.csv").write_text("x"),
        "quality/x.csv: added",
    ),
    "a link for a file": (
        link,
        "report.html: a link",
    ),
    "a linked folder": (lambda release: (release / "more").symlink_to("/tmp"), "more: a link"),
    "CHECKSUMS": (reseal, "CHECKSUMS: changed: index.json remembers"),
    "no CHECKSUMS": (lambda release: (release / "CHECKSUMS").unlink(), "CHECKSUMS: missing"),
    "garbled CHECKSUMS": (
        lambda release: writable(release / "CHECKSUMS").write_text("x\n"),
        "CHECKSUMS: unreadable: line 1",
    ),
    "no directory": (shutil.rmtree, "the directory is missing"),
}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world after two nights, to be copied."""
    lived = World(tmp_path_factory.mktemp("lived") / "data")
    lived.night()
    lived.night(state(project=[project(1)]), DAY + timedelta(1))
    return lived


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_found(world: World, lived: World, edit: str) -> None:
    copy(lived.path, world.path)
    release = current(world.releases)
    assert release
    assert verify(world.releases, release.release_id) == []
    change, message = EDITS[edit]
    change(release.path)
    problems = [str(problem) for problem in verify(world.releases, release.release_id)]
    named = [problem for problem in problems if re.search(message, problem)]
    assert named
    # A table that everybody may see is one file under three names: in the release and in its editions.
    assert len(problems) == len(named) == (3 if edit == "a byte of a table" else 1) or "CHECKSUMS" in edit, problems


def test_an_edited_ledger_is_found_for_the_current_release(world: World) -> None:
    release = world.night()
    reseal(release.path)
    index = json.loads((world.releases / "index.json").read_bytes())
    index["releases"][0]["checksums"] = files.sha256(release.path / "CHECKSUMS")
    (world.releases / "index.json").write_text(json.dumps(index))
    (problem,) = verify(world.releases, release.release_id)
    assert "current.json remembers" in str(problem)


def test_a_file_shared_by_two_releases_is_found_in_both(world: World) -> None:
    first = world.night()
    second = world.night(state(project=[project(1)]), DAY + timedelta(1))
    shared = "organizations/organization.parquet"
    assert (first.path / shared).samefile(second.path / shared)
    with writable(first.path / shared).open("ab") as stream:
        stream.write(b"x")
    for release in (first, second):
        assert [problem.file for problem in verify(world.releases, release.release_id)] == [
            f"{release.release_id}/{place}{shared}" for place in ("editions/partner/", "editions/public/", "")
        ]


def test_a_release_nobody_published_is_a_problem(world: World) -> None:
    world.night()
    (problem,) = verify(world.releases, "2026-01-01-000000000000")
    assert "is not among the kept releases" in str(problem)
