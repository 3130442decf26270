"""One attempt at a delivered resource: take what lies in the inbox, archive it, say what became of every file.

Files are moved only after the attempt is revealed. Whoever is killed in between finds them in the inbox again, where
what was loaded is recognised as repeated.
"""

from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import chain, count
from pathlib import Path, PurePosixPath

from extractors.core.archive import Archive, Delivery, Outcome, PayloadWriter, Status
from extractors.core.cells import SHOWN
from extractors.core.clock import Clock
from extractors.core.files import reveal, sha256_of, sync, temporary_folder, write_atomic
from extractors.core.http import Payload
from extractors.core.inbox import MANIFEST, Waiting, waiting
from extractors.core.records import RecordWriter, content_hash
from extractors.core.spec import SourceSpec
from extractors.core.verdict import History, Verdict, judge, sha256

REPORT, REDUCED = ".report.txt", ".reduced.csv"
SHOWN_FILES = 20
# File systems take names of 255 bytes; what we add to one in done/ and while we write it must fit in as well.
LONGEST_NAME = 200


def lying(spec: SourceSpec, name: str, inbox: Path) -> list[Waiting]:
    """The files that an attempt at a resource takes; those whose name fits none go with the source's first resource."""
    first = next(iter(spec.resources))
    return [item for item in waiting(spec, inbox / spec.id) if (item.resource or first) == name]


def deliver(
    spec: SourceSpec,
    name: str,
    inbox: Path,
    archive: Archive,
    run_date: date,
    clock: Clock,
    *,
    accept_volume: bool = False,
) -> Outcome:
    """Take the files of a resource from `<inbox>/<source>/`, archive the attempt, move the files; return its outcome.

    `accept_volume`: an operator says that the unusual number of rows is right. The caller holds the lock of the source.
    Whatever is wrong with a file is in the outcome; only a full or broken disk raises (`OSError`).
    """
    resource = spec.resources[name]
    number = archive.next_number(spec.id, name, run_date)
    target = archive.resource(spec.id, name) / f"run_date={run_date}" / f"attempt={number:02d}"
    folder = temporary_folder(target)
    started_at = clock.now()
    history = History(archive.deliveries(spec.id, name, run_date))
    moves: list[tuple[Waiting, Verdict]] = []
    with PayloadWriter(folder / "payloads.parquet") as payloads, RecordWriter(resource, folder) as records:
        for item in lying(spec, name, inbox):
            verdict = judge(spec, item, history, run_date, accept_volume=accept_volume)
            history.note(run_date, verdict.delivery)
            payloads.add(_payload(verdict, clock))
            if verdict.table is not None:
                records.add_table(verdict.table, verdict.delivery.part, sha256(verdict.kept), verdict.count)
            # The rows are on the disk; what is carried on is the copy for done/, where it is not the file itself.
            moves.append((item, replace(verdict, table=None, kept=verdict.kept if verdict.reduced else b"")))
        counts = records.finish(folder / "records.parquet")
    deliveries = [verdict.delivery for _, verdict in moves]
    message, then = _advice(deliveries, inbox / spec.id / "rejected" / str(run_date))
    outcome = Outcome(
        source=spec.id,
        resource=name,
        run_date=run_date,
        attempt=number,
        status=_status(deliveries),
        message=message,
        next=then,
        declared_total=sum(count.declared for count in counts.values()) if counts else None,
        fetched=sum(count.fetched for count in counts.values()),
        duplicates=sum(count.fetched - count.records - count.rejected for count in counts.values()),
        records=sum(count.records for count in counts.values()),
        rejected=sum(count.rejected for count in counts.values()),
        bytes=payloads.bytes,
        parts=counts,
        broken={d.part: str(d.message) for d in deliveries if d.status == "rejected" and d.part not in counts},
        deliveries=deliveries,
        content_hash=content_hash(resource, folder / "records.parquet", counts) if counts else None,
        warnings=_warnings(moves),
        started_at=started_at,
        finished_at=clock.now(),
        files={path.name: sha256_of(path) for path in sorted(folder.glob("*.parquet"))},
    )
    (folder / "outcome.json").write_text(outcome.model_dump_json(indent=2), encoding="utf-8")
    reveal(folder, target)
    for item, verdict in moves:
        _put_away(item, verdict, inbox / spec.id, run_date)
    return outcome


def _payload(verdict: Verdict, clock: Clock) -> Payload:
    """A file as the archive keeps it; of one that is not loaded only that it came (status 0)."""
    delivery = verdict.delivery
    return Payload(
        url=f"inbox:{delivery.source}/{delivery.file_name}",
        form="",
        status=200 if delivery.speaks else 0,
        content_type="text/csv" if verdict.reduced else "application/octet-stream",
        fetched_at=clock.now(),
        source_clock=delivery.issued_at.isoformat() if delivery.issued_at else "",
        received_sha256=delivery.sha256,
        redacted=0,
        body=verdict.kept,
        error="" if delivery.speaks else str(delivery.message),
    )


def _warnings(moves: list[tuple[Waiting, Verdict]]) -> list[str]:
    """What should be looked at, said once for all files that have it."""
    found: dict[str, list[str]] = {}
    for item, verdict in moves:
        for warning in verdict.warnings:
            found.setdefault(warning, []).append(item.name)
    return [
        f"{names[0]}{f' and {len(names) - 1} more files' if names[1:] else ''}: {warning}"
        for warning, names in found.items()
    ]


def _status(deliveries: list[Delivery]) -> Status:
    states = {delivery.status for delivery in deliveries}
    if "rejected" in states:
        return "failed" if states == {"rejected"} else "partial"
    return "complete" if states & {"loaded", "withdrawn"} else "unchanged"


def _advice(deliveries: list[Delivery], folder: Path) -> tuple[str | None, str | None]:
    """Message and next step of an attempt with rejected files."""
    bad = [delivery for delivery in deliveries if delivery.status == "rejected"]
    if not bad:
        return None, None
    shown = "; ".join(f"{delivery.file_name}: {delivery.message}" for delivery in bad[:3])
    more = f"; and {len(bad) - 3} more" if len(bad) > 3 else ""
    return (
        f"{len(bad)} of {len(deliveries)} files rejected: {shown}{more}",
        f"read {folder}/*{REPORT}; the sender mends the file and delivers it again",
    )


def describe(outcome: Outcome) -> str:
    """What an attempt came to, for the log and for the person who is woken up: the files that want looking at."""
    head = f"{outcome.source}/{outcome.resource} {outcome.run_date}: {outcome.status}"
    if not outcome.deliveries:
        return f"{head}: no file came"
    quiet = [one for one in outcome.deliveries if one.status == "loaded" and not (one.faulty or one.rejected)]
    loud = [one for one in outcome.deliveries if one not in quiet]
    lines = [f"  {one.file_name}: {one.status}: {one.message}" for one in loud[:SHOWN_FILES]]
    if len(loud) > SHOWN_FILES:
        lines.append(f"  and {len(loud) - SHOWN_FILES} more like these")
    if loud and quiet:
        lines.append(f"  {len(quiet)} file(s) loaded without a fault")
    then = [f"  next: {outcome.next}"] if outcome.next else []
    return "\n".join([f"{head}: {len(outcome.deliveries)} file(s), {outcome.records} records", *lines, *then])


# -- after the attempt ------------------------------------------------------------------------------------------------


def report(verdict: Verdict, run_date: date) -> str:
    """The report on a file as its sender reads it."""
    delivery = verdict.delivery
    loaded = delivery.records if delivery.status == "loaded" else 0
    lines = [
        f"{delivery.status.upper()}  {delivery.file_name}",
        "",
        f"source     {delivery.source}" + (f" / {delivery.resource}" if delivery.resource else ""),
        f"sender     {delivery.sender or 'unknown'}",
        f"period     {delivery.period or 'unknown'}",
        f"taken on   {run_date}",
        f"sha256     {delivery.sha256 or 'not read'}",
        f"rows       {delivery.rows} in the file: {loaded} loaded (of which {delivery.faulty} withheld), "
        f"{delivery.duplicates} repeated, {delivery.rejected} rejected"
        if delivery.rows or delivery.status == "loaded"
        else "rows       not counted",
        *([f"skipped    {_skipped(verdict.skipped)}"] if verdict.skipped else []),
        *([f"encoding   {delivery.encoding}"] if delivery.encoding else []),
        "",
        *(
            ["kept       without the columns of natural persons, and without unknown ones"]
            if verdict.reduced and delivery.status == "loaded"
            else []
        ),
        f"why        {delivery.message}",
        f"next       {verdict.next}",
    ]
    if verdict.warnings:
        lines += ["", "look at", *(f"  {warning}" for warning in verdict.warnings)]
    if verdict.faults:
        bad = delivery.faulty + delivery.rejected
        first = f", the first {SHOWN}" if bad > SHOWN else ""
        lines += ["", f"bad rows ({bad}{first})", *(f"  {fault}" for fault in verdict.faults)]
    return "\n".join(lines) + "\n"


def _skipped(kinds: Counter[str]) -> str:
    """`1 line(s) as total, 2 line(s) as note`."""
    return ", ".join(f"{number} line(s) as {kind}" for kind, number in sorted(kinds.items(), reverse=True))


def _put_away(item: Waiting, verdict: Verdict, folder: Path, run_date: date) -> None:
    """Move a file with its manifest to done/ or rejected/, its report beside it.

    The manifest goes first: a file without one is judged again, a manifest without its file would wait for ever.
    A file that has changed since it was judged stays for the next run.
    """
    if verdict.delivery.sha256 and (item.path.is_symlink() or sha256_of(item.path) != verdict.delivery.sha256):
        return
    kind = "rejected" if verdict.delivery.status == "rejected" else "done"
    target = folder / kind / str(run_date)
    target.mkdir(parents=True, exist_ok=True)
    name = _free(target, _cut(item.name))
    write_atomic(target / f"{name}{REPORT}", report(verdict, run_date).encode())
    if item.manifest is not None and not item.withdraws:
        item.manifest.replace(target / f"{name}{MANIFEST}")
    if verdict.reduced:
        if verdict.kept:
            write_atomic(target / f"{name}{REDUCED}", verdict.kept)
        item.path.unlink()
    else:
        item.path.replace(target / name)
    sync(target)
    sync(folder)


def _cut(name: str) -> str:
    """The name, or where it is too long its beginning and its extension."""
    if len(name.encode()) <= LONGEST_NAME:
        return name
    end = PurePosixPath(name).suffix.encode()[-20:]
    return b"\xe2\x80\xa6".join([name.encode()[: LONGEST_NAME - 20], end]).decode("utf-8", "ignore")


def _free(folder: Path, name: str) -> str:
    """The name, or with a number where a file of that name was taken the same night."""
    names = chain([name], (f"{name}~{number}" for number in count(2)))
    return next(free for free in names if not any((folder / f"{free}{end}").exists() for end in ("", REDUCED)))
