"""Killed at any point, there is no release or a whole one, and the next run needs no hand to go on."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from publication_world import DAY, World, project, state

from publication.publish import current, releases, retain, verify

NEXT_DAY = DAY + timedelta(1)
LATER = state(project=[project(1, status="registered"), project(2)])
ONE_TABLE = ("listing_pipeline.project",)


class KilledError(BaseException):
    """Nothing catches it: what comes after did not happen."""


DURABLE = (
    (os, "fsync"),
    (Path, "rename"),
    (Path, "replace"),
    (Path, "chmod"),
    (Path, "unlink"),
    (shutil, "rmtree"),
)


@contextmanager
def killed_at(step: int) -> Iterator[list[str]]:
    """Die just before the n-th call that touches the disk for good; yields the calls made."""
    calls: list[str] = []

    def dying(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **named: Any) -> Any:
            calls.append(name)
            if len(calls) > step:
                raise KilledError(name)
            return call(*args, **named)

        return counted

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in DURABLE:
            patch.setattr(owner, name, dying(name, getattr(owner, name)))
        yield calls


def leftovers(world: World) -> list[str]:
    return [path.name for folder in (world.releases, world.path / "candidates") for path in folder.glob(".*")]


def assert_all_whole(world: World) -> None:
    """People see a whole release, and every listed one is whole."""
    now = current(world.releases)
    assert now is not None
    for release in releases(world.releases):
        assert verify(world.releases, release.release_id) == []
        assert (release.path / "report.html").is_file()


def every_step(tmp_path: Path, world: World, act: Callable[[World], object]) -> Iterator[World]:
    """Yield the world as `act` leaves it when it is killed before its first, second, … last step."""
    for step in range(1000):
        copy = World(tmp_path / f"step{step}", world.names, world.clock)
        shutil.copytree(world.path, copy.path, symlinks=True)
        with killed_at(step) as calls:
            try:
                act(copy)
                died = False
            except KilledError:
                died = True
        if not died:
            assert step > 8, calls  # the steps were there to be killed at
            return
        yield copy
        shutil.rmtree(copy.path)
    raise AssertionError("it never ends")


@pytest.mark.usefixtures("written_here")
def test_publishing_killed_at_any_step(world: World, tmp_path: Path) -> None:
    world.names = ONE_TABLE
    first = world.night().release_id
    second = world.build(LATER, NEXT_DAY).release_id
    world.judge(NEXT_DAY)
    for survivor in every_step(tmp_path, world, lambda copy: copy.publish(NEXT_DAY)):
        now = current(survivor.releases)
        assert now is not None
        assert now.release_id in (first, second)
        assert_all_whole(survivor)

        # The next run of the night: with the candidate where it still is, from the build where it is not.
        if not (survivor.candidate(NEXT_DAY) / "release.json").is_file():
            survivor.build(LATER, NEXT_DAY)
            survivor.judge(NEXT_DAY)
        assert survivor.publish(NEXT_DAY).release_id == second
        now = current(survivor.releases)
        assert now is not None
        assert now.release_id == second
        assert {release.release_id for release in releases(survivor.releases)} == {first, second}
        assert_all_whole(survivor)
        assert leftovers(survivor) == []
        assert not survivor.candidate(NEXT_DAY).exists()


@pytest.mark.usefixtures("written_here")
def test_retention_killed_at_any_step(world: World, tmp_path: Path) -> None:
    world.names = ONE_TABLE
    ids = [world.night(state(project=[project(n)]), DAY + timedelta(n)).release_id for n in range(4)]
    for survivor in every_step(tmp_path, world, lambda copy: retain(copy.releases, 1)):
        now = current(survivor.releases)
        assert now is not None
        assert now.release_id == ids[-1]
        assert_all_whole(survivor)
        last = survivor.night(state(project=[project(9)]), DAY + timedelta(9)).release_id
        retain(survivor.releases, 1)
        assert [release.release_id for release in releases(survivor.releases)] == [last]
        assert leftovers(survivor) == []


KILL = """
import os, signal, sys
sys.path[:0] = [{root!r}, {here!r}]
from datetime import timedelta
from pathlib import Path
from publication_world import DAY, World, project, state

def dying(move):
    def moved(self, target):
        if Path(target).name == {victim!r} or self.name == {victim!r}:
            os.kill(os.getpid(), signal.SIGKILL)
        return move(self, target)
    return moved

world = World(Path({path!r}))
later = state(project=[project(1, status="registered"), project(2)])
Path.rename, Path.replace = dying(Path.rename), dying(Path.replace)
world.build(later, DAY + timedelta(1))
world.judge(DAY + timedelta(1))
world.publish(DAY + timedelta(1))
"""


@pytest.mark.parametrize(
    "victim",
    [
        pytest.param("datapackage.json", id="while the candidate is written"),
        pytest.param("2026-07-15", id="before the candidate appears"),
        pytest.param("report.html", id="while it is sealed"),
        pytest.param("index.json", id="after the release appeared"),
        pytest.param("current.json", id="before the pointer moves"),
    ],
)
def test_kill_9(world: World, victim: str) -> None:
    """The same with a real signal, which runs no clean-up at all."""
    first = world.night().release_id
    here = Path(__file__).parent
    code = KILL.format(root=str(here.parents[1]), here=str(here), path=str(world.path), victim=victim)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    now = current(world.releases)
    assert now is not None
    assert now.release_id == first
    assert_all_whole(world)

    second = world.night(LATER, NEXT_DAY)
    assert current(world.releases) == second
    assert len(releases(world.releases)) == 2
    assert_all_whole(world)
    assert leftovers(world) == []


def test_a_disk_that_is_full_at_publication_leaves_the_current_release(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    from publication import report
    from publication.errors import PublicationError

    first = world.night()
    world.build(LATER, NEXT_DAY)
    world.judge(NEXT_DAY)

    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(report, "write", full)
    with pytest.raises(
        PublicationError,
        match=r"release .*2026-07-15.* could not be written: No space left on device\n .*make room",
    ):
        world.publish(NEXT_DAY)
    assert current(world.releases) == first
    assert [path.name for path in world.releases.iterdir() if path.is_dir()] == [first.release_id]
    monkeypatch.undo()
    assert current(world.releases) != world.publish(NEXT_DAY)
    assert_all_whole(world)
