"""The raw archive: what every source said, attempt by attempt, byte for byte, never rewritten.

`<root>/<source>/<resource>/run_date=D/attempt=NN/` holds `payloads.parquet` (every answer, good or bad),
`records.parquet` (every record of the list, each value as text) and `outcome.json` (what became of it).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, Self

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from extractors.core.errors import ArchiveError
from extractors.core.files import sha256_of
from extractors.core.http import Payload

Status = Literal["complete", "unchanged", "partial", "failed"]
GROUP_BYTES = 16 * 2**20

PAYLOADS = pa.schema(
    [
        ("seq", pa.int32()),
        ("url", pa.string()),
        ("form", pa.string()),
        ("status", pa.int16()),
        ("content_type", pa.string()),
        ("fetched_at", pa.timestamp("us", tz="UTC")),
        ("source_clock", pa.string()),
        ("received_sha256", pa.string()),
        ("sha256", pa.string()),
        ("redacted", pa.int32()),
        ("error", pa.string()),
        ("body", pa.binary()),
        # the file beside this one that holds the body, where it is too large to stand here
        ("file", pa.string()),
    ]
)


class RetryRecord(BaseModel):
    """A request that had to be asked again."""

    url: str
    problem: str
    waited_seconds: float


class PartCount(BaseModel):
    """Records of one part of a resource: received with repeats, distinct, declared by the source.

    `rejected`: rows of a delivery that no key addresses; fetched = records + duplicates + rejected.
    `repeats`: how many of those declared the source counts twice, in a list that has a record twice.
    """

    fetched: int = 0
    records: int = 0
    declared: int = 0
    rejected: int = 0
    repeats: int = 0


class Delivery(BaseModel):
    """What became of one delivered file. `resource`, `sender`, `period` are null where its name does not tell them.

    `rows` of the file = rows loaded (`faulty` ones among them) + duplicates + `rejected`. `encoding`: of its text.
    """

    model_config = ConfigDict(extra="forbid")

    source: str
    resource: str | None = None
    sender: str | None = None
    period: str | None = None
    file_name: str
    sha256: str
    # waiting: a manifest whose file is not there yet; a night leaves it where it lies
    status: Literal["loaded", "repeated", "rejected", "withdrawn", "waiting"] = "rejected"
    rows: int = 0
    duplicates: int = 0
    faulty: int = 0
    rejected: int = 0
    message: str | None = None
    encoding: str | None = None
    issued_at: datetime | None = None

    @property
    def part(self) -> str:
        """The part of the resource that it speaks of."""
        return f"{self.sender}|{self.period}"

    @property
    def records(self) -> int:
        """Rows that it gave, when it was loaded."""
        return self.rows - self.duplicates - self.rejected

    @property
    def speaks(self) -> bool:
        """Whether it says what its part is from then on."""
        return self.status in ("loaded", "withdrawn")


class Outcome(BaseModel):
    """What became of one attempt; counts in records, sizes in bytes.

    `parts`: what came whole, by part (one named '' where the resource is one list); `broken`: what did not, and why.
    `whole`: whether it says everything there is (of its parts); false: only what is new or changed. `cursor`: where the
    next reading begins.
    `deliveries`: the files that were taken, in order, where the resource comes as files.
    """

    model_config = ConfigDict(extra="forbid")

    source: str
    resource: str
    run_date: date
    attempt: int
    status: Status
    message: str | None = None
    next: str | None = None
    retriable: bool = False
    declared_total: int | None = None
    fetched: int = 0
    duplicates: int = 0
    records: int = 0
    rejected: int = 0
    requests: int = 0
    bytes: int = 0
    redacted: int = 0
    parts: dict[str, PartCount] = {}
    broken: dict[str, str] = {}
    whole: bool = True
    cursor: str | None = None
    deliveries: list[Delivery] = []
    content_hash: str | None = None
    warnings: list[str] = []
    retries: list[RetryRecord] = []
    source_clock: str | None = None
    started_at: datetime
    finished_at: datetime
    files: dict[str, str] = {}

    @property
    def is_good(self) -> bool:
        """Whether this attempt says everything the source has."""
        return self.status in ("complete", "unchanged")

    @property
    def is_usable(self) -> bool:
        """Whether at least one part came whole: only such attempts enter the change log."""
        return bool(self.parts)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt on disk."""

    folder: Path
    outcome: Outcome

    def records(self) -> Path:
        """`records.parquet`, checked against the hash in the outcome; raise `ArchiveError` if it differs."""
        path = self.folder / "records.parquet"
        expected = self.outcome.files.get(path.name, "")
        actual = sha256_of(path) if path.is_file() else "no file"
        if actual != expected:
            raise ArchiveError(f"{path}: expected sha256 {expected[:12]}, got {actual[:12]}: damaged on disk")
        return path


@dataclass(frozen=True, slots=True)
class Speaker:
    """An attempt and the parts of the resource it speaks for."""

    attempt: Attempt
    parts: list[str]


@dataclass(frozen=True, slots=True)
class KnownPart:
    """The newest night on which a part came whole, and its counts then."""

    run_date: date
    count: PartCount


class PayloadWriter:
    """Streams payloads into one Parquet file; memory stays at one row group."""

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, PAYLOADS, compression="zstd", compression_level=1)
        self._rows: list[dict[str, Any]] = []
        self._waiting = 0
        self.count = self.bytes = self.redacted = 0
        self.source_clock: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()

    def add(self, payload: Payload) -> None:
        """Keep one answer."""
        self.count += 1
        self.bytes += len(payload.body)
        self.redacted += payload.redacted
        self.source_clock = payload.source_clock or self.source_clock
        self._rows.append(
            {
                "seq": self.count,
                "url": payload.url,
                "form": payload.form,
                "status": payload.status,
                "content_type": payload.content_type,
                "fetched_at": payload.fetched_at,
                "source_clock": payload.source_clock,
                "received_sha256": payload.received_sha256,
                "sha256": payload.sha256,
                "redacted": payload.redacted,
                "error": payload.error,
                "body": payload.body,
                "file": payload.file,
            }
        )
        self._waiting += len(payload.body)
        if self._waiting >= GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self._rows, PAYLOADS))
        self._rows, self._waiting = [], 0


class Archive:
    """Finds attempts; knows nothing of how they came about."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def resource(self, source: str, resource: str) -> Path:
        """Folder of a resource."""
        return self.root / source / resource

    def nights(self, source: str, resource: str) -> list[date]:
        """Nights with at least one attempt, ascending."""
        found = self.resource(source, resource).glob("run_date=*")
        return sorted(date.fromisoformat(folder.name.removeprefix("run_date=")) for folder in found)

    def attempts(self, source: str, resource: str, run_date: date) -> Iterator[Attempt]:
        """Attempts of a night in the order they were made; damaged ones say nothing (see `damaged`)."""
        night = self.resource(source, resource) / f"run_date={run_date}"
        for folder in sorted(night.glob("attempt=*")):
            outcome = _outcome(folder)
            if outcome is not None:
                yield Attempt(folder, outcome)

    def damaged(self, source: str, resource: str) -> list[Path]:
        """Attempts whose outcome cannot be read, and those that were set aside."""
        root = self.resource(source, resource)
        unreadable = (folder for folder in root.glob("run_date=*/attempt=*") if _outcome(folder) is None)
        return sorted([*unreadable, *root.glob("run_date=*/.*.damaged")])

    def next_number(self, source: str, resource: str, run_date: date) -> int:
        """The number of the next attempt of a night; one that is damaged keeps its own."""
        night = self.resource(source, resource) / f"run_date={run_date}"
        return max((int(folder.name.removeprefix("attempt=")) for folder in night.glob("attempt=*")), default=0) + 1

    def last(self, source: str, resource: str, run_date: date) -> Attempt | None:
        """The last attempt of a night, whatever became of it."""
        return max(self.attempts(source, resource, run_date), key=_number, default=None)

    def accepted(self, source: str, resource: str, run_date: date) -> Attempt | None:
        """The attempt that speaks for a night: the last that said everything, else the last that said something."""
        usable = [attempt for attempt in self.attempts(source, resource, run_date) if attempt.outcome.is_usable]
        return max(usable, key=lambda attempt: (attempt.outcome.is_good, _number(attempt)), default=None)

    def speaking(self, source: str, resource: str, run_date: date) -> list[Speaker]:
        """Who speaks for which parts of a night: for each part the last attempt in which it came whole."""
        speaker: dict[str, Attempt] = {}
        for attempt in sorted(self.attempts(source, resource, run_date), key=_number):
            speaker.update(dict.fromkeys(attempt.outcome.parts, attempt))
        attempts = sorted({id(attempt): attempt for attempt in speaker.values()}.values(), key=_number)
        return [
            Speaker(attempt, sorted(part for part, spoken in speaker.items() if spoken is attempt))
            for attempt in attempts
        ]

    def last_good(self, source: str, resource: str, before: date, inclusive: bool = True) -> Attempt | None:
        """The accepted attempt of the newest night up to `before`."""
        for night in reversed(self.nights(source, resource)):
            if night < before or (inclusive and night == before):
                attempt = self.accepted(source, resource, night)
                if attempt is not None:
                    return attempt
        return None

    def deliveries(self, source: str, resource: str, until: date) -> list[tuple[date, Delivery]]:
        """Every file that ever arrived up to a night, with its night, in the order they were taken."""
        return [
            (night, delivery)
            for night in self.nights(source, resource)
            if night <= until
            for attempt in sorted(self.attempts(source, resource, night), key=_number)
            for delivery in attempt.outcome.deliveries
        ]

    def known_parts(self, source: str, resource: str, until: date) -> dict[str, KnownPart]:
        """Every part that ever came whole up to a night: its newest night and its counts then."""
        known: dict[str, KnownPart] = {}
        for night in self.nights(source, resource):
            if night <= until:
                for speaker in self.speaking(source, resource, night):
                    counts = speaker.attempt.outcome.parts
                    known.update({part: KnownPart(night, counts[part]) for part in speaker.parts})
        return known


def _outcome(folder: Path) -> Outcome | None:
    try:
        return Outcome.model_validate_json((folder / "outcome.json").read_bytes())
    except (OSError, ValueError):
        return None


def _number(attempt: Attempt) -> int:
    return attempt.outcome.attempt
