"""One attempt at one resource: fetch, archive, prove complete, say what became of it."""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from extractors.core.archive import Archive, Attempt, Outcome, PayloadWriter, RetryRecord
from extractors.core.clock import Clock
from extractors.core.errors import SourceError, SpecError, TransientError
from extractors.core.files import reveal, sha256_of, temporary_folder
from extractors.core.http import Client
from extractors.core.pages import Page
from extractors.core.records import Counts, RecordWriter
from extractors.core.spec import Resource, SourceSpec

Extractor = Callable[[Client], Iterator[Page]]
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
    last = archive.last(spec.id, name, run_date)
    number = last.outcome.attempt + 1 if last else 1
    target = archive.resource(spec.id, name) / f"run_date={run_date}" / f"attempt={number:02d}"
    folder = temporary_folder(target)
    outcome = Outcome(
        source=spec.id,
        resource=name,
        run_date=run_date,
        attempt=number,
        status="failed",
        started_at=access.clock.now(),
        finished_at=access.clock.now(),
    )
    with PayloadWriter(folder / "payloads.parquet") as payloads, RecordWriter(resource, folder) as records:
        client = Client(
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
        problem: SourceError | None = None
        counts = Counts(0, 0, "")
        try:
            for page in extractor_of(spec.id, name)(client):
                records.add(page, client.last.sha256 if client.last else "")
                progress(f"{spec.id}/{name}", records.fetched, page.declared_total)
            counts = records.finish(folder / "records.parquet")
        except SourceError as error:
            problem = error
        finally:
            client.close()
    previous = archive.last_good(spec.id, name, run_date, inclusive=False)
    outcome = outcome.model_copy(
        update={
            "declared_total": records.declared_total if records.fetched or not problem else None,
            "fetched": counts.fetched or records.fetched,
            "duplicates": counts.duplicates,
            "records": counts.records,
            "requests": payloads.count,
            "bytes": payloads.bytes,
            "redacted": payloads.redacted,
            "content_hash": counts.content_hash or None,
            "warnings": _warnings(resource, counts, records.unknown),
            "retries": [
                RetryRecord(url=r.url, problem=r.problem, waited_seconds=r.waited_seconds) for r in client.retries
            ],
            "source_clock": payloads.source_clock,
            "finished_at": access.clock.now(),
            "files": {path.name: sha256_of(path) for path in sorted(folder.glob("*.parquet"))},
        }
    )
    outcome = _judged(outcome, problem, resource, previous, accept_volume)
    (folder / "outcome.json").write_text(outcome.model_dump_json(indent=2), encoding="utf-8")
    reveal(folder, target)
    return outcome


def extractor_of(source: str, resource: str) -> Extractor:
    """The function in `extractors/sources/<source>/extractor.py` that is named like the resource."""
    module = importlib.import_module(f"extractors.sources.{source}.extractor")
    function: Extractor | None = getattr(module, resource, None)
    if function is None:
        raise SpecError(f"{module.__name__}: no function {resource!r} for the resource of that name in source.yml")
    return function


def _warnings(resource: Resource, counts: Counts, unknown: set[str]) -> list[str]:
    found = [
        f"unknown column {name!r}: kept in the payload, not loaded; declare it in source.yml"
        for name in sorted(unknown)
    ]
    if counts.records > resource.rows.max:
        found.append(f"{counts.records} records, more than the {resource.rows.max} the spec expects at most")
    return found


def _judged(
    outcome: Outcome, problem: SourceError | None, resource: Resource, previous: Attempt | None, accept_volume: bool
) -> Outcome:
    """The outcome with its status: complete only when everything the source declared has come, and believably much."""
    again = f"`fsdb extract {outcome.source} --run-date {outcome.run_date}"
    later = f"the next night tries again; {again}` tries now"
    if problem is not None:
        said = (
            f"{problem}; fetched {outcome.fetched} of {outcome.declared_total} declared"
            if outcome.fetched
            else str(problem)
        )
        waits = isinstance(problem, TransientError)
        return _bad(outcome, said, later if waits else f"look at the source and its spec, then {again}`", waits)
    if outcome.records != outcome.declared_total:
        said = f"the source declared {outcome.declared_total} records, {outcome.records} distinct ones came"
        return _bad(outcome, said, later, retriable=True)
    if not accept_volume and (said := _too_few(outcome, resource, previous)):
        return _bad(outcome, said, f"if the source is right: {again} --accept-volume`", retriable=True)
    same = previous is not None and previous.outcome.content_hash == outcome.content_hash
    return outcome.model_copy(update={"status": "unchanged" if same else "complete"})


def _bad(outcome: Outcome, message: str, then: str, retriable: bool) -> Outcome:
    status = "partial" if outcome.fetched else "failed"
    return outcome.model_copy(update={"status": status, "message": message, "next": then, "retriable": retriable})


def _too_few(outcome: Outcome, resource: Resource, previous: Attempt | None) -> str:
    rows = resource.rows
    if outcome.records < rows.min:
        return f"{outcome.records} records, the spec expects at least {rows.min}"
    if previous is not None and outcome.records < previous.outcome.records * (1 - rows.drift):
        before = previous.outcome
        return (
            f"{outcome.records} records, {before.records} on {before.run_date}: "
            f"a loss of more than {rows.drift:.0%} is not believed"
        )
    return ""


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
