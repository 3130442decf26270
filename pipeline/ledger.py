"""The run ledger: what every step of every night did, one small file a step run, never rewritten by another."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from extractors.core.clock import Clock
from extractors.core.files import write_atomic

Step = Literal["extract", "build", "audit", "publish"]


class Entry(BaseModel):
    """One run of one step."""

    run_date: date
    step: Step
    subject: str = ""
    status: Literal["running", "done", "stopped", "failed"] = "running"
    started_at: datetime
    finished_at: datetime | None = None
    message: str = ""
    counts: dict[str, int] = {}
    release_id: str | None = None


class Ledger:
    """Reads and writes entries below `root`."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root, self._clock = root, clock

    @contextmanager
    def step(self, run_date: date, step: Step, subject: str = "") -> Iterator[Entry]:
        """Record a step: `running` while the block runs, then what the block made of it, `failed` if it raises."""
        entry = Entry(run_date=run_date, step=step, subject=subject, started_at=self._clock.now())
        folder = self._root / f"run_date={run_date}"
        name = "-".join(filter(None, (step, subject)))
        for leftover in folder.glob(f".*Z-{name}.json.*.tmp"):  # of a killed run; the step's lock is ours
            leftover.unlink()
        path = folder / f"{entry.started_at:%Y%m%dT%H%M%S.%fZ}-{name}.json"
        self._write(path, entry)
        try:
            yield entry
            entry.status = "done" if entry.status == "running" else entry.status
        except BaseException as error:
            entry.status, entry.message = "failed", str(error) or type(error).__name__
            entry.finished_at = self._clock.now()
            with suppress(OSError):  # a full disk must not hide why the step failed
                self._write(path, entry)
            raise
        entry.finished_at = self._clock.now()
        self._write(path, entry)

    def nights(self) -> list[date]:
        """Nights that were run, newest first."""
        found = self._root.glob("run_date=????-??-??")
        return sorted((date.fromisoformat(path.name.removeprefix("run_date=")) for path in found), reverse=True)

    def entries(self, run_date: date) -> list[Entry]:
        """Entries of a night in the order they started; one that cannot be read tells nothing and stops nobody."""
        found = []
        for path in sorted((self._root / f"run_date={run_date}").glob("*.json")):
            with suppress(ValueError):
                found.append(Entry.model_validate_json(path.read_bytes()))
        return found

    @staticmethod
    def _write(path: Path, entry: Entry) -> None:
        write_atomic(path, entry.model_dump_json(indent=2).encode())
