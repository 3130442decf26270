"""What is lost, damaged or edited beside the releases is said in words, and there is a way back from it."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from publication_world import DAY, NOW, World, copy, finding, project, state

from publication import files
from publication.base import Base
from publication.errors import GateNotPassed, PublicationError
from publication.ledger import base_of
from publication.publish import Release, current, releases, retain, rollback
from publication.verify import verify_all

pytestmark = pytest.mark.usefixtures("written_here")
NEXT_DAY = DAY + timedelta(1)
DAMAGE = ["{", "{}", "[]", '"x"', '{"release_id": 1, "run_date": "2026-07-14"}', '{"release_id": "../x"}']


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "data", ("listing_pipeline.project", "quality.source_status"))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world after two nights, to be copied."""
    lived = World(tmp_path_factory.mktemp("lived") / "data", ("listing_pipeline.project", "quality.source_status"))
    lived.night()
    lived.night(state(project=[project(1)]), NEXT_DAY)
    return lived


@pytest.fixture
def two(world: World, lived: World) -> tuple[Release, Release]:
    """Two nights, the second current."""
    copy(lived.path, world.path)
    world.clock = lived.clock
    second, first = releases(world.releases)
    return first, second


def edit_index(world: World, **values: Any) -> None:
    path = world.releases / "index.json"
    index = json.loads(path.read_bytes())
    index["releases"][0] |= values
    path.write_text(json.dumps(index))


@pytest.mark.parametrize("text", [None, *DAMAGE])
def test_rollback_needs_no_sound_pointer(world: World, two: tuple[Release, Release], text: str | None) -> None:
    path = world.releases / "current.json"
    path.unlink() if text is None else path.write_text(text)
    two[1].path.rename(world.path / "taken away")
    assert rollback(world.releases, two[0].release_id, now=NOW) == two[0]
    assert current(world.releases) == two[0]


@pytest.mark.parametrize("text", [None, *DAMAGE])
def test_a_lost_pointer_never_leaves_a_night_without_a_base(
    world: World, two: tuple[Release, Release], text: str | None
) -> None:
    path = world.releases / "current.json"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(PublicationError, match=r"current\.json .*\n  next: "):
        current(world.releases)
    assert base_of(world.releases, NEXT_DAY) == two[1].path
    assert base_of(world.releases, DAY) == two[0].path
    assert base_of(world.releases, DAY - timedelta(1)) is None
    third = world.night(state(project=[project(2)]), DAY + timedelta(2))
    assert (third.base, current(world.releases)) == (two[1].release_id, third)


def test_a_dangling_pointer_falls_back_to_what_is_kept(world: World, two: tuple[Release, Release]) -> None:
    two[1].path.rename(world.path / "taken away")
    assert base_of(world.releases, NEXT_DAY) == two[0].path


def test_nothing_published_is_only_said_when_nothing_ever_was(world: World) -> None:
    release = world.night()
    (world.releases / "current.json").unlink()
    release.path.rename(world.path / "taken away")
    with pytest.raises(PublicationError, match=r"current\.json .*\n  next: "):
        current(world.releases)


@pytest.mark.parametrize("text", ["{}", "[]", '"x"', '{"releases": [{}]}', '{"releases": {}}', '{"releases": [1]}'])
def test_a_damaged_ledger_is_named(world: World, two: tuple[Release, Release], text: str) -> None:
    (world.releases / "index.json").write_text(text)
    with pytest.raises(PublicationError, match=r"index\.json .*\n  next: move it away"):
        releases(world.releases)
    (world.releases / "index.json").unlink()
    assert [release.release_id for release in releases(world.releases)] == [two[1].release_id, two[0].release_id]


@pytest.mark.parametrize("lacking", ["base", "code_version"])
@pytest.mark.parametrize("field", ["run_date", "published_at", "gate", "tables"])
def test_an_entry_of_the_wrong_shape_is_damage(
    world: World, two: tuple[Release, Release], field: str, lacking: str
) -> None:
    edit_index(world, **{field: 1})
    with pytest.raises(PublicationError, match=r"index\.json .*\n  next: move it away"):
        releases(world.releases)
    path = world.releases / "index.json"
    path.unlink()
    world.night(state(project=[project(3)]), NEXT_DAY)
    index = json.loads(path.read_bytes())
    del index["releases"][0][lacking]
    path.write_text(json.dumps(index))
    with pytest.raises(PublicationError, match=r"index\.json .*\n  next: move it away"):
        releases(world.releases)
    assert two[0].path.is_dir()


def test_an_edited_ledger_reaches_nothing_outside(world: World, two: tuple[Release, Release]) -> None:
    (world.path / "precious").mkdir()
    edit_index(world, release_id="../precious", removed=True)
    with pytest.raises(PublicationError, match=r"index\.json"):
        retain(world.releases, 1)
    with pytest.raises(PublicationError, match=r"index\.json"):
        world.night(state(project=[project(2)]), NEXT_DAY)
    assert (world.path / "precious").is_dir()
    assert two[0].path.is_dir()


def test_a_release_whose_directory_is_gone_is_reported(world: World, two: tuple[Release, Release]) -> None:
    third = world.night(state(project=[project(2)]), DAY + timedelta(2))
    assert retain(world.releases, 2) == [two[0].release_id]
    two[1].path.rename(world.path / "taken away")
    found = {name: [problem.what for problem in problems] for name, problems in verify_all(world.releases).items()}
    assert found == {two[1].release_id: ["the directory is missing"], third.release_id: []}


@pytest.mark.parametrize("lacking", ["database", "code_version", "run_date"])
def test_a_release_of_another_version_is_said_in_words(world: World, lacking: str) -> None:
    release = world.night().path
    document = json.loads((release / "release.json").read_bytes())
    for path in (release / "release.json", release / "CHECKSUMS"):
        path.chmod(0o644)
    del document[lacking]
    (release / "release.json").write_text(json.dumps(document))
    (release / "CHECKSUMS").write_text(files.checksums_text(files.digests(release)))
    with pytest.raises(PublicationError, match=rf"{release.name}.*{lacking}.*\n.*fsdb rollback"):
        Base.read(release)


def test_a_verdict_on_another_candidate_is_refused(world: World) -> None:
    built = world.build()
    world.judge(DAY, finding())
    path = world.candidate(DAY) / "gate.json"
    verdict = json.loads(path.read_bytes())
    path.write_text(json.dumps({**verdict, "release_id": "2026-07-14-000000000000"}))
    with pytest.raises(GateNotPassed, match="judges 2026-07-14-000000000000, not"):
        world.publish()
    path.write_text(json.dumps({**verdict, "release_id": built.release_id}))
    assert world.publish().run_date == date(2026, 7, 14)
