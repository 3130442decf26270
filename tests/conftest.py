"""What all tests share: a clock nobody waits for, and the box of real upstream data."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests

from tests.installation import Begun

# The same examples every time, however busy the machine is.
hypothesis.settings.register_profile("fsdb", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("fsdb")

# Folders whose files take longest come first, so that no worker is left alone with one at the end.
_FIRST = ("real", "pipeline", "dags", "dbt_project")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files; within a file nothing changes."""
    folders = {name: place for place, name in enumerate(_FIRST)}
    items.sort(key=lambda item: folders.get(item.path.parent.name, len(folders)))


# Beside the project, or further up.
_UPSTREAMS = (folder / "shared" / "upstream" for folder in list(Path(__file__).parents)[2:])
UPSTREAM = next((folder for folder in _UPSTREAMS if (folder / "serve.py").is_file()), Path("/nowhere"))


class FakeClock:
    """A clock that stands at 2026-07-20 18:00 UTC (02:00 in Shanghai) until somebody sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._start = datetime(2026, 7, 20, 18, tzinfo=UTC)

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture(scope="session", autouse=True)
def exchanges_only() -> Iterator[None]:
    """Nights ask the exchanges alone, unless a test says otherwise: most rules of a night do not depend on how many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FSDB_SOURCES", "sse,szse,bse")
        yield


@pytest.fixture(scope="session")
def begun_with(tmp_path_factory: pytest.TempPathFactory) -> Begun:
    """The first nights of the small world, shared by all workers."""
    base = tmp_path_factory.getbasetemp()
    return Begun((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "begun")


@pytest.fixture(scope="session")
def new_clock() -> type[FakeClock]:
    """Makes clocks, for fixtures that outlive a test."""
    return FakeClock


@pytest.fixture
def clock() -> FakeClock:
    """A clock of one's own; `slept` lists what was waited for."""
    return FakeClock()


@pytest.fixture(scope="session")
def upstream_truth() -> dict[str, Any]:
    """The true figures of the stored upstream data, by source."""
    path = UPSTREAM / "data" / "truth.json"
    if not path.is_file():
        pytest.skip(f"no real upstream data: {path} is not there")
    figures: dict[str, Any] = json.loads(path.read_text())
    return figures


class Box:
    """A running upstream box; it serves live hosts as path prefixes of `address`."""

    def __init__(self, night: date | str, *faults: str, **options: Any) -> None:
        """Starts a process; `ready` says when it answers."""
        given = [f"--fault={fault}" for fault in faults]
        given += [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        self._process = subprocess.Popen(
            [sys.executable, UPSTREAM / "serve.py", "--port=0", f"--night={night}", *given],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.address = ""

    def ready(self) -> "Box":
        """The box itself, once it listens."""
        assert self._process.stdout
        words = self._process.stdout.readline().split()
        self.address = words[3]
        return self

    def go_to(self, night: date | str) -> None:
        """Let the box serve another night from now on."""
        requests.get(f"{self.address}/__night/{night}", timeout=10).raise_for_status()

    def requests(self, host: str) -> list[dict[str, Any]]:
        """What a host was asked, oldest first."""
        answer = requests.get(f"{self.address}/__requests", params={"host": host}, timeout=10)
        found: list[dict[str, Any]] = answer.json()["requests"]
        return found

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.communicate()


@pytest.fixture(scope="module")
def box() -> Iterator[Callable[..., Box]]:
    """Starts boxes: `box(night, "www.szse.cn:html", timeout_seconds=5)`. They stop with the module."""
    if not (UPSTREAM / "serve.py").is_file():
        pytest.skip(f"no real upstream data: {UPSTREAM} is not there")
    boxes: list[Box] = []

    def start(night: date | str, *faults: str, **options: Any) -> Box:
        boxes.append(Box(night, *faults, **options))
        return boxes[-1].ready()

    yield start
    for started in boxes:
        started.stop()
