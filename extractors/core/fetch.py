"""One attempt at one resource: fetch, archive, prove complete, say what became of it."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from pydantic import SecretStr

from extractors.core.archive import Archive, Attempt, KnownPart, Outcome, PartCount, PayloadWriter, RetryRecord
from extractors.core.clock import Clock
from extractors.core.deltas import since, standing
from extractors.core.errors import RefusedError, SchemaError, SourceError, SpecError, TransientError
from extractors.core.files import reveal, sha256_of, temporary_folder
from extractors.core.http import Client
from extractors.core.pages import Broken, Bulk, Cursor, Since, Warn, Yielded
from extractors.core.records import RecordWriter, content_hash
from extractors.core.spec import Resource, Rows, SourceSpec

# What reads a resource with a client; a reader of new and changed records is also given where to begin (`Since`).
Extractor = Callable[..., Iterator[Yielded]]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Access:
    """How sources are reached this time. `token`: what a source with `auth: bearer` wants to see, if we have it."""

    clock: Clock
    user_agent: str
    address: Callable[[SourceSpec], str]
    paced: bool = True
    timeout: float | None = None
    token: Callable[[SourceSpec], SecretStr | None] = lambda _: None


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
        client = _client(spec, resource, access, payloads, folder)
        begin = since(archive, spec.id, name, resource, run_date) if resource.mode == "delta" else None
        came = _read(client, spec, name, begin, records, folder / "records.parquet", progress)
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
        warnings=_warnings(resource, records, came),
        whole=came.cursor.whole if came.cursor else begin is None or begin.cursor is None,
        cursor=came.cursor.text if came.cursor else None,
        retries=[RetryRecord(url=r.url, problem=r.problem, waited_seconds=r.waited_seconds) for r in client.retries],
        source_clock=payloads.source_clock,
        started_at=started_at,
        finished_at=access.clock.now(),
        files={path.name: sha256_of(path) for path in sorted(folder.iterdir()) if not path.name.endswith(".tmp")},
    )
    known = _known(archive, spec.id, name, resource, run_date - timedelta(days=1))
    outcome = _judged(outcome, came, resource, known, believe=accept_volume)
    if outcome.parts:
        digest = content_hash(resource, folder / "records.parquet", outcome.parts)
        previous = archive.last_good(spec.id, name, run_date, inclusive=False)
        same = outcome.is_good and (outcome.records == 0 if not outcome.whole else _says_the_same(previous, digest))
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
    cursor: Cursor | None = None
    warnings: tuple[str, ...] = ()


def _known(archive: Archive, source: str, name: str, resource: Resource, until: date) -> dict[str, KnownPart]:
    """Every part with its newest night and the records that stood after it."""
    known = archive.known_parts(source, name, until)
    if resource.mode != "delta":
        return known
    counts = standing(archive, source, name, resource, until)
    return {name: KnownPart(part.run_date, PartCount(records=counts.get(name, 0))) for name, part in known.items()}


def _says_the_same(previous: Attempt | None, digest: str) -> bool:
    """Whether the reading before said everything, and the same."""
    return previous is not None and previous.outcome.whole and previous.outcome.content_hash == digest


def _client(spec: SourceSpec, resource: Resource, access: Access, payloads: PayloadWriter, folder: Path) -> Client:
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
        token=access.token(spec) if spec.http.auth else None,
        folder=folder,
        largest=spec.http.largest_body,
    )


def _read(
    client: Client,
    spec: SourceSpec,
    name: str,
    begin: Since | None,
    records: RecordWriter,
    target: Path,
    progress: Progress,
) -> _Came:
    """Read all there is; a list that breaks off leaves nothing, the whole parts of a resource in parts stay."""
    broken: dict[str, str] = {}
    warnings: list[str] = []
    cursor: Cursor | None = None
    problem: SourceError | None = None
    try:
        if spec.http and spec.http.auth and not client.has_token:
            raise RefusedError(
                f"no token for {spec.id}: set FSDB_TOKEN_{spec.id.upper()}, or in Airflow the connection "
                f"fsdb_{spec.id} with the token as its password"
            )
        read = extractor_of(spec.id, name)
        for came in read(client) if begin is None else read(client, begin):
            if isinstance(came, Broken):
                broken[came.partition] = came.message
            elif isinstance(came, Warn):
                warnings.append(came.message)
            elif isinstance(came, Cursor):
                cursor = came
            elif isinstance(came, Bulk):
                records.add_bulk(came)
            else:
                records.add(came, came.payload or (client.last.sha256 if client.last else ""))
                progress(f"{spec.id}/{name}", records.fetched, records.declared_total)
    except SchemaError as error:
        problem = client.placed(error)
    except SourceError as error:
        problem = error
    except OSError:
        raise
    except Exception as error:  # one source's bug must not stop the night of all the others
        problem = SourceError(f"a fault of ours, not of the source: {type(error).__name__}: {error}")
    finally:
        client.close()
    if problem is not None and not records.in_parts:
        return _Came({}, broken, problem, None, tuple(warnings))
    try:
        return _Came(records.finish(target), broken, problem, cursor, tuple(warnings))
    except SourceError as error:
        return _Came({}, broken, error, None, tuple(warnings))


def extractor_of(source: str, resource: str) -> Extractor:
    """The function in `extractors/sources/<source>/extractor.py` that is named like the resource."""
    module = importlib.import_module(f"extractors.sources.{source}.extractor")
    function: Extractor | None = getattr(module, resource, None)
    if function is None:
        raise SpecError(f"{module.__name__}: no function {resource!r} for the resource of that name in source.yml")
    return function


def _warnings(resource: Resource, records: RecordWriter, came: _Came) -> list[str]:
    found = [
        f"unknown column {name!r}: kept in the payload, not loaded; declare it in source.yml"
        for name in sorted(records.unknown)
    ]
    found += came.warnings
    if records.fetched > resource.rows.max:
        found.append(f"{records.fetched} records, more than the {resource.rows.max} the spec expects at most")
    return found


def _judged(
    outcome: Outcome, came: _Came, resource: Resource, known: Mapping[str, KnownPart], *, believe: bool
) -> Outcome:
    """The outcome with its status: complete only when all that was declared has come, and believably much."""
    command = f"`fsdb extract {outcome.source} --run-date {outcome.run_date}"
    later = f"the next night tries again; {command}` tries now"
    whole, broken = {}, dict(came.broken)
    volume = False
    for name, count in came.counts.items():
        if name in broken:
            continue
        if count.records + count.repeats != count.declared:
            broken[name] = f"the source declared {count.declared} records, {count.records} distinct ones came"
        elif not believe and (doubt := _unusual(outcome, resource.rows, count, known.get(name))):
            broken[name], volume = doubt, True
        else:
            whole[name] = count
    if gone := _gone(came, resource, known):
        doubt = "" if believe else _doubted(came, resource, known)
        if doubt:
            broken, volume = broken | dict.fromkeys(gone, doubt), True
        else:
            whole |= dict.fromkeys(gone, PartCount())
            said = f"{len(gone)} parts are no longer named by the source, their records are withdrawn: "
            outcome = outcome.model_copy(update={"warnings": [*outcome.warnings, said + ", ".join(gone)]})
    news = {"parts": dict(sorted(whole.items())), "broken": dict(sorted(broken.items()))}
    outcome = outcome.model_copy(update=news)
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


def _unusual(outcome: Outcome, rows: Rows, count: PartCount, known: KnownPart | None) -> str:
    """Why so few or so many records are not believed; empty when they are."""
    if outcome.whole and outcome.records < rows.min:
        return f"{outcome.records} records, the spec expects at least {rows.min}"
    if known is None or not (before := known.count.records):
        return ""
    doubt = rows.lost(before, count.records) if outcome.whole else ""
    doubt = doubt or rows.grown(before, count.records)
    return f"{count.records} records, {before} on {known.run_date}: {doubt}" if doubt else ""


def _gone(came: _Came, resource: Resource, known: Mapping[str, KnownPart]) -> list[str]:
    """Parts with records that a reading from beginning to end does not name any more: the source withdrew them."""
    if came.problem is not None or resource.mode != "snapshot":
        return []
    named = came.counts.keys() | came.broken.keys()
    return sorted(name for name, part in known.items() if part.count.records and name not in named)


def _doubted(came: _Came, resource: Resource, known: Mapping[str, KnownPart]) -> str:
    """Why so few parts are not believed; empty when they are."""
    before = sum(part.count.records > 0 for part in known.values())
    named = len(came.counts.keys() | came.broken.keys())
    if before - named <= before * resource.rows.drift:
        return ""
    return (
        f"no longer named by the source, which names {named} parts where {before} had records before: "
        f"a loss of more than {resource.rows.drift:.0%} is not believed"
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
