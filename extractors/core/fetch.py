"""One attempt at one resource: fetch, archive, prove complete, say what became of it."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from extractors.core.archive import Archive, KnownPart, Outcome, PartCount, PayloadWriter, RetryRecord
from extractors.core.clock import Clock
from extractors.core.errors import SourceError, SpecError, TransientError
from extractors.core.files import reveal, sha256_of, temporary_folder
from extractors.core.http import Client
from extractors.core.pages import Broken, Page
from extractors.core.records import RecordWriter, content_hash
from extractors.core.spec import Resource, Rows, SourceSpec

Extractor = Callable[[Client], Iterator[Page | Broken]]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Access:
    """How sources are reached this time."""

    clock: Clock
    user_agent: str
    address: Callable[[SourceSpec], str]
    paced: bool = True
    timeout: float | None = None


def silent(_resource: str, _fetched: int, _total: int) -> None:
    """No progress shown."""


def fetch(
    spec: SourceSpec,
    name: str,
    archive: Archive,
    run_date: date,
    access: Access,
    *,
    accept_volume: bool = False,
    progress: Progress = silent,
) -> Outcome:
    """Make one attempt at a resource and archive it, whatever happens; return its outcome.

    `accept_volume`: an operator says that tonight's unusual number of rows is right. The caller holds the lock of the
    source. Failures of the source are outcomes, not exceptions; only a full or broken disk raises (`OSError`).
    """
    resource = spec.resources[name]
    number = archive.next_number(spec.id, name, run_date)
    target = archive.resource(spec.id, name) / f"run_date={run_date}" / f"attempt={number:02d}"
    folder = temporary_folder(target)
    started_at = access.clock.now()
    with PayloadWriter(folder / "payloads.parquet") as payloads, RecordWriter(resource, folder) as records:
        client = _client(spec, resource, access, payloads)
        came = _read(client, spec.id, name, records, folder / "records.parquet", progress)
    counts = came.counts
    outcome = Outcome(
        source=spec.id,
        resource=name,
        run_date=run_date,
        attempt=number,
        status="failed",
        declared_total=records.declared_total if records.fetched or not came.problem else None,
        fetched=records.fetched,
        duplicates=sum(count.fetched - count.records for count in counts.values()),
        records=sum(count.records for count in counts.values()),
        requests=payloads.count,
        bytes=payloads.bytes,
        redacted=payloads.redacted,
        warnings=_warnings(resource, records),
        retries=[RetryRecord(url=r.url, problem=r.problem, waited_seconds=r.waited_seconds) for r in client.retries],
        source_clock=payloads.source_clock,
        started_at=started_at,
        finished_at=access.clock.now(),
        files={path.name: sha256_of(path) for path in sorted(folder.glob("*.parquet"))},
    )
    known = {} if accept_volume else archive.known_parts(spec.id, name, run_date - timedelta(days=1))
    outcome = _judged(outcome, came, resource.rows, known, believe=accept_volume)
    if outcome.parts:
        digest = content_hash(resource, folder / "records.parquet", outcome.parts)
        previous = archive.last_good(spec.id, name, run_date, inclusive=False)
        same = outcome.is_good and previous is not None and previous.outcome.content_hash == digest
        news = {"content_hash": digest} | ({"status": "unchanged"} if same else {})
        outcome = outcome.model_copy(update=news)
    (folder / "outcome.json").write_text(outcome.model_dump_json(indent=2), encoding="utf-8")
    reveal(folder, target)
    return outcome


@dataclass(frozen=True, slots=True)
class _Came:
    """What came: counts by part, the parts that failed by themselves, and what ended the reading."""

    counts: dict[str, PartCount]
    broken: dict[str, str]
    problem: SourceError | None


def _client(spec: SourceSpec, resource: Resource, access: Access, payloads: PayloadWriter) -> Client:
    if spec.http is None:
        raise SpecError(f"{spec.id}: comes as deliveries, there is nothing to ask")
    return Client(
        spec.http.base,
        clock=access.clock,
        keep=payloads.add,
        address=access.address(spec),
        user_agent=access.user_agent,
        headers=spec.http.headers,
        interval=spec.http.pace if access.paced else 0.0,
        timeout=access.timeout or spec.http.timeout,
        personal=resource.personal,
    )


def _read(client: Client, source: str, name: str, records: RecordWriter, target: Path, progress: Progress) -> _Came:
    """Read all there is; a list that breaks off leaves nothing, the whole parts of a resource in parts stay."""
    broken: dict[str, str] = {}
    problem: SourceError | None = None
    try:
        for page in extractor_of(source, name)(client):
            if isinstance(page, Broken):
                broken[page.partition] = page.message
            else:
                records.add(page, client.last.sha256 if client.last else "")
                progress(f"{source}/{name}", records.fetched, records.declared_total)
    except SourceError as error:
        problem = error
    except OSError:
        raise
    except Exception as error:  # one source's bug must not stop the night of all the others
        problem = SourceError(f"a fault of ours, not of the source: {type(error).__name__}: {error}")
    finally:
        client.close()
    if problem is not None and not records.in_parts:
        return _Came({}, broken, problem)
    try:
        return _Came(records.finish(target), broken, problem)
    except SourceError as error:
        return _Came({}, broken, error)


def extractor_of(source: str, resource: str) -> Extractor:
    """The function in `extractors/sources/<source>/extractor.py` that is named like the resource."""
    module = importlib.import_module(f"extractors.sources.{source}.extractor")
    function: Extractor | None = getattr(module, resource, None)
    if function is None:
        raise SpecError(f"{module.__name__}: no function {resource!r} for the resource of that name in source.yml")
    return function


def _warnings(resource: Resource, records: RecordWriter) -> list[str]:
    found = [
        f"unknown column {name!r}: kept in the payload, not loaded; declare it in source.yml"
        for name in sorted(records.unknown)
    ]
    if records.fetched > resource.rows.max:
        found.append(f"{records.fetched} records, more than the {resource.rows.max} the spec expects at most")
    return found


def _judged(outcome: Outcome, came: _Came, rows: Rows, known: Mapping[str, KnownPart], *, believe: bool) -> Outcome:
    """The outcome with its status: complete only when all that was declared has come, and believably much."""
    command = f"`fsdb extract {outcome.source} --run-date {outcome.run_date}"
    later = f"the next night tries again; {command}` tries now"
    whole, broken = {}, dict(came.broken)
    volume = False
    for name, count in came.counts.items():
        if name in broken:
            continue
        if count.records != count.declared:
            broken[name] = f"the source declared {count.declared} records, {count.records} distinct ones came"
        elif not believe and (lost := _too_few(outcome, rows, count, known.get(name))):
            broken[name], volume = lost, True
        else:
            whole[name] = count
    outcome = outcome.model_copy(update={"parts": whole, "broken": dict(sorted(broken.items()))})
    if came.problem is not None:
        far = f"; fetched {outcome.fetched} of {outcome.declared_total} declared" if outcome.fetched else ""
        waits = isinstance(came.problem, TransientError)
        return _bad(
            outcome,
            f"{came.problem}{far}",
            later if waits else f"look at the source and its spec, then {command}`",
            waits,
        )
    if broken:
        then = f"if the source is right: {command} --accept-volume`" if volume else later
        return _bad(outcome, _broken_parts(outcome), then, retriable=True)
    return outcome.model_copy(update={"status": "complete"})


def _too_few(outcome: Outcome, rows: Rows, count: PartCount, known: KnownPart | None) -> str:
    """Why so few records are not believed; empty when they are."""
    if outcome.records < rows.min:
        return f"{outcome.records} records, the spec expects at least {rows.min}"
    before = known.count.records if known else 0
    if known is None or before - count.records <= max(rows.slack, before * rows.drift):
        return ""
    return (
        f"{count.records} records, {before} on {known.run_date}: a loss of more than {rows.drift:.0%} is not believed"
    )


def _broken_parts(outcome: Outcome) -> str:
    if set(outcome.broken) == {""}:
        return outcome.broken[""]
    first = [f"{name}: {message}" for name, message in list(outcome.broken.items())[:3]]
    more = f"; and {len(outcome.broken) - 3} more" if len(outcome.broken) > 3 else ""
    total = len(outcome.broken) + len(outcome.parts)
    return f"{len(outcome.broken)} of {total} parts did not come whole: {'; '.join(first)}{more}"


def _bad(outcome: Outcome, message: str, then: str, retriable: bool) -> Outcome:
    status = "partial" if outcome.fetched else "failed"
    return outcome.model_copy(update={"status": status, "message": message, "next": then, "retriable": retriable})


def describe(outcome: Outcome, good: date | None, max_age_nights: int) -> str:
    """The message for the person who is woken up: what, where, expected, got, what happens next."""
    head = f"{outcome.source}/{outcome.resource} {outcome.run_date}: {outcome.status}"
    if outcome.is_good:
        return f"{head}: {outcome.records} records of {outcome.declared_total} declared"
    age = (outcome.run_date - good).days if good else 0
    kept = (
        f"nothing was removed; the release keeps the rows of {good} ({age} night(s) old, limit {max_age_nights})"
        if good
        else "there are no earlier rows to keep"
    )
    return f"{head}: {outcome.message}\n  {kept}\n  next: {outcome.next}"
