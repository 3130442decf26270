"""Deliveries as a night sees them: whether any wait, and what became of all that ever arrived."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from extractors.core import deliveries
from extractors.core.archive import Archive, Delivery
from extractors.core.errors import ArchiveError
from extractors.core.spec import SourceSpec, all_specs

DELIVERY = pa.schema(
    [
        *((name, pa.string()) for name in ("delivery_id", "source_id", "resource", "sender", "period", "file_name")),
        ("sha256", pa.string()),
        ("received_on", pa.date32()),
        ("status", pa.string()),
        *((name, pa.int64()) for name in ("rows", "faulty_rows", "rejected_rows")),
        ("message", pa.string()),
        ("is_current", pa.bool_()),
    ]
)


def have(archive: Archive, spec: SourceSpec, name: str, inbox: Path, run_date: date, *, past: bool) -> bool:
    """Whether the inbox was looked at on that night and nothing has come since.

    `past`: what lies in the inbox now is not of that night. Raises `ArchiveError` where what was taken is damaged: a
    file cannot be asked for again.
    """
    for speaker in archive.speaking(spec.id, name, run_date):
        try:
            speaker.attempt.records()
        except ArchiveError as error:
            done = inbox / spec.id / "done" / str(run_date)
            mend = f"move {speaker.attempt.folder} away and put the files of {done} back in {inbox / spec.id}"
            raise ArchiveError(f"{error}; next: {mend}") from None
    looked = archive.last(spec.id, name, run_date) is not None
    return looked and (past or not deliveries.lying(spec, name, inbox))


def rows(archive: Archive, run_date: date) -> list[dict[str, Any]]:
    """One row per file that ever arrived up to a night, for `raw.delivery`, in the order they were taken."""
    found: dict[str, dict[str, Any]] = {}
    for spec in all_specs().values():
        for name in spec.resources if spec.http is None else ():
            taken = archive.deliveries(spec.id, name, run_date)
            standing = {delivery.part: at for at, (_, delivery) in enumerate(taken) if delivery.speaks}
            for at, (night, delivery) in enumerate(taken):
                row = _row(night, delivery, is_current=standing.get(delivery.part) == at)
                found[row["delivery_id"]] = row
    return list(found.values())


def _row(night: date, delivery: Delivery, *, is_current: bool) -> dict[str, Any]:
    # Judged twice in one night with one verdict, a file is one delivery.
    said = (delivery.source, delivery.file_name, delivery.sha256, str(night), delivery.status)
    columns = {"resource", "sender", "period", "file_name", "sha256", "status", "rows", "message"}
    return {
        "delivery_id": hashlib.sha256("|".join(said).encode()).hexdigest()[:16],
        "source_id": delivery.source,
        "received_on": night,
        "faulty_rows": delivery.faulty,
        "rejected_rows": delivery.rejected,
        "is_current": is_current,
        **delivery.model_dump(include=columns),
    }
