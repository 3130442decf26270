"""The steps of a night in order: extract, build, audit, publish. The command line and Airflow call the same ones."""

import errno
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import structlog

from extractors.core import deliveries
from extractors.core.archive import Archive, Outcome
from extractors.core.changes import ChangeLog
from extractors.core.clock import Clock, SystemClock
from extractors.core.errors import ArchiveError
from extractors.core.fetch import Access, Progress, describe, fetch, silent
from extractors.core.spec import SourceSpec, all_specs
from pipeline import arrivals, sources
from pipeline.ledger import Ledger
from pipeline.locks import held
from pipeline.run_date import today
from pipeline.settings import Settings, is_somebody_elses
from pipeline.version import code_version
from pipeline.warehouse import Warehouse
from publication.errors import PublicationError

log = structlog.get_logger()

# No room, too large a file, no more quota, or no number at all: what DuckDB says of a disk has none.
FULL_DISK = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, None)


class UnknownSourceError(ValueError):
    """A source nobody declared."""


class StepError(Exception):
    """A step cannot run because an earlier one has not."""


class GateStopped(Exception):
    """The gate found something critical; the release that people see is still the last good one."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one source gave tonight. `fault`: what ended it, where that was no fault of the source."""

    source: str
    outcomes: list[Outcome]
    reused: bool = False
    fault: str = ""

    @property
    def is_good(self) -> bool:
        """Whether every resource came whole."""
        return bool(self.outcomes) and all(outcome.is_good for outcome in self.outcomes)

    @property
    def counts(self) -> dict[str, int]:
        """Records by resource."""
        return {outcome.resource: outcome.records for outcome in self.outcomes}


@dataclass(slots=True)
class Report:
    """What a night came to."""

    run_date: date
    fetched: list[Fetched] = field(default_factory=list)
    mode: str = ""
    gate: Any = None
    release: Any = None


class Night:
    """One business night of one installation."""

    def __init__(self, settings: Settings, run_date: date, clock: Clock | None = None) -> None:
        self.settings, self.run_date, self.clock = settings, run_date, clock or SystemClock()
        self.archive = Archive(settings.raw)
        self.ledger = Ledger(settings.runs, self.clock)
        self.warehouse = Warehouse(settings.build, settings.decisions)
        self._holds_night = False

    # -- the whole night -------------------------------------------------------------------------------------------

    def run(self, accept: frozenset[str] = frozenset(), progress: Progress = silent) -> Report:
        """Extract what is missing, build, audit, publish. Raises `GateStopped` when the gate does."""
        report = Report(self.run_date)
        with self._alone(f"night {self.run_date}"):
            self._holds_night = True
            try:
                with ThreadPoolExecutor(self.settings.parallel) as pool:
                    jobs = [pool.submit(self._fetched, source, progress) for source in self.sources()]
                    report.fetched = [job.result() for job in jobs]
                report.mode = self.build()
                report.gate = self.audit(accept)
                report.release = self.publish()
            finally:
                self._holds_night = False
        return report

    def _fetched(self, source: str, progress: Progress) -> Fetched:
        """What a source gives, be it nothing: whatever is wrong with one source, the others go on.

        A full disk is wrong with all of them, and what is damaged on it a person has to mend: then the night ends when
        all have been asked.
        """
        try:
            return self.extract(source, only_missing=True, progress=progress)
        except ArchiveError:
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in FULL_DISK:
                raise
            log.exception("source failed", source=source, next="its last good rows are kept; the other sources go on")
            return Fetched(source, [], fault=f"a fault of ours: {type(error).__name__}: {error}")

    def sources(self) -> list[str]:
        """Ids of the sources of this run, sorted; raise `UnknownSourceError` for one that is not declared."""
        known = all_specs()
        for source in self.settings.sources:
            if source not in known:
                raise UnknownSourceError(f"no source {source!r}; there are: {', '.join(known)}")
        return sorted(self.settings.sources or known)

    # -- the steps -------------------------------------------------------------------------------------------------

    def extract(
        self, source: str, *, only_missing: bool = False, accept_volume: bool = False, progress: Progress = silent
    ) -> Fetched:
        """Make an attempt at every resource of a source; with `only_missing` only where tonight's is not there yet."""
        specs = all_specs()
        if source not in specs:
            raise UnknownSourceError(f"no source {source!r}; there are: {', '.join(specs)}")
        spec = specs[source]
        task = f"extract {source} {self.run_date}"
        with (
            self._beside(task),
            held(self.settings.locks, f"extract-{source}", task, self.clock),
            self.ledger.step(self.run_date, "extract", source) as entry,
        ):
            past = self._is_past(source)
            wanted = [name for name in spec.resources if not (only_missing and self._have(spec, name, past))]
            if wanted and past:
                entry.status, entry.message = "failed", self._past_message(spec)
                log.warning("source not asked", source=source, why=entry.message)
                return Fetched(source, [])
            for name in wanted:
                self._say(spec, self._attempt(spec, name, accept_volume, progress))
            outcomes = [
                attempt.outcome
                for name in spec.resources
                if (attempt := self.archive.last(source, name, self.run_date))
            ]
            entry.counts = {outcome.resource: outcome.records for outcome in outcomes}
            bad = [outcome for outcome in outcomes if not outcome.is_good]
            if bad:
                entry.status, entry.message = "failed", "; ".join(str(outcome.message) for outcome in bad)
        return Fetched(source, outcomes, reused=not wanted)

    def _attempt(self, spec: SourceSpec, name: str, accept_volume: bool, progress: Progress) -> Outcome:
        """Take what was delivered of a resource, or fetch it."""
        archive, night = self.archive, self.run_date
        if spec.http is None:
            inbox = self.settings.inbox
            return deliveries.deliver(spec, name, inbox, archive, night, self.clock, accept_volume=accept_volume)
        return fetch(spec, name, archive, night, self._access(spec), accept_volume=accept_volume, progress=progress)

    def build(self, *, full: bool = False) -> str:
        """Change log → databases → release candidate; return `full` or `incremental`."""
        from publication import candidate, catalogue, publish

        with self._alone(f"build {self.run_date}"), self.ledger.step(self.run_date, "build") as entry:
            logs, empty = {}, {}
            for spec in all_specs().values():
                for name, resource in spec.resources.items():
                    changes = ChangeLog(self.settings.changes, self.archive, spec.id, name, resource, spec.address)
                    logs[spec.id, name], empty[spec.id, name] = changes.update(self.run_date), changes.empty()
            if not any(logs.values()):
                raise StepError(
                    f"nothing to build: no source has ever come whole up to {self.run_date}; `fsdb status` says why"
                )
            version = code_version()
            arrived = arrivals.rows(self.archive, self.run_date)
            mode = self.warehouse.build(
                self.run_date,
                version,
                logs,
                empty,
                sources.rows(self.archive, self.run_date, self.sources()),
                arrived,
                full=full,
            )
            written = candidate.write(
                self.warehouse.path,
                catalogue.load(self.warehouse.manifest),
                self.candidate,
                run_date=self.run_date,
                inputs=self._inputs(),
                code_version=version,
                previous=publish.base_of(self.settings.releases, self.run_date),
                created=self.clock.now(),
            )
            entry.counts, entry.release_id, entry.message = written.counts, written.release_id, mode
        return mode

    def audit(self, accept: frozenset[str] = frozenset()) -> Any:
        """Judge the candidate; return the gate's result. Raises `GateStopped` when something critical was found."""
        from expectations.gate import judge
        from publication import publish, report

        with self._alone(f"audit {self.run_date}"), self.ledger.step(self.run_date, "audit") as entry:
            self._needs_candidate("audit")
            base = publish.base_of(self.settings.releases, self.run_date)
            result = judge(
                self.candidate / "fsdb.duckdb", base / "fsdb.duckdb" if base else None, self.run_date, accept
            )
            result.write(self.candidate / "gate.json")
            report.write(self.candidate)
            stops = [finding for finding in result.findings if finding.stops]
            warnings = [finding for finding in result.findings if not finding.success and not finding.stops]
            entry.counts = {"checks": len(result.findings), "warnings": len(warnings), "critical": len(stops)}
            if stops:
                entry.status, entry.message = "stopped", "; ".join(f"{f.id} {f.title}" for f in stops)
        if stops:
            raise GateStopped(self._stop_message(stops))
        return result

    def publish(self) -> Any:
        """Make the judged candidate a release and the current one; return it."""
        from publication import publish

        with self._alone(f"publish {self.run_date}"), self.ledger.step(self.run_date, "publish") as entry:
            # Published already: a step that is repeated does no harm.
            published = None if self.candidate.exists() else publish.current(self.settings.releases)
            if published is not None and published.run_date == self.run_date:
                release = published
            else:
                self._needs_candidate("publish")
                release = publish.publish(self.candidate, self.settings.releases, now=self.clock.now())
            entry.release_id = release.release_id
            self._tidy()
            log.info("released", release=release.release_id, run_date=str(self.run_date))
        return release

    # -- what the steps stand on -----------------------------------------------------------------------------------

    @property
    def candidate(self) -> Path:
        """Folder of the night's candidate."""
        return self.settings.candidates / str(self.run_date)

    def _inputs(self) -> list[dict[str, Any]]:
        """The snapshots a release stands on, with the hashes of their files."""
        found = []
        for spec in all_specs().values():
            for name in spec.resources:
                good = self.archive.last_good(spec.id, name, self.run_date)
                if good:
                    shown = {"source", "resource", "run_date", "attempt", "status", "content_hash", "files"}
                    found.append(good.outcome.model_dump(mode="json", include=shown))
        return found

    def _have(self, spec: SourceSpec, name: str, past: bool) -> bool:
        """Whether the night's snapshot is there and sound; a damaged one is named and fetched again, where that can be.

        Raises `ArchiveError` where it cannot: a night must not drop out of history without a word.
        """
        if spec.http is None:
            return arrivals.have(self.archive, spec, name, self.settings.inbox, self.run_date, past=past)
        attempt = self.archive.accepted(spec.id, name, self.run_date)
        if attempt is None or not attempt.outcome.is_good:
            return False
        try:
            attempt.records()
        except ArchiveError as error:
            if past:
                raise
            stamp = f"{self.clock.now():%Y%m%dT%H%M%S}"
            attempt.folder.rename(attempt.folder.with_name(f".{attempt.folder.name}.{stamp}.damaged"))
            log.error("archive damaged", error=str(error), next="set aside; fetched again")
            return False
        return True

    def _access(self, spec: SourceSpec) -> Access:
        settings = self.settings
        return Access(
            clock=self.clock,
            user_agent=settings.user_agent,
            address=lambda spec: settings.address(spec.id, spec.address),
            paced=is_somebody_elses(settings.address(spec.id, spec.address)),
            timeout=settings.http_timeout,
            token=lambda spec: settings.token(spec.id),
        )

    def _is_past(self, source: str) -> bool:
        """A live source only says what it says today; asking it for an earlier night would invent history."""
        return self.settings.is_live(source) and self.run_date != today(self.clock.now(), self.settings.timezone)

    def _past_message(self, spec: SourceSpec) -> str:
        source = spec.id
        if spec.http is None:
            return f"{source}: what lies in the inbox now is not of {self.run_date}; what was delivered before is kept"
        return (
            f"{source}: the live source was not asked for {self.run_date}: it only knows today. "
            "What the archive has of that night is used; rows of the last good night are kept"
        )

    def _say(self, spec: SourceSpec, outcome: Outcome) -> None:
        good = self.archive.last_good(spec.id, outcome.resource, self.run_date)
        text = (
            deliveries.describe(outcome)
            if spec.http is None
            else describe(outcome, good.outcome.run_date if good else None, spec.cadence.max_age_nights)
        )
        for warning in outcome.warnings:
            log.warning(f"{outcome.source}/{outcome.resource} {outcome.run_date}: {warning}")
        (log.info if outcome.is_good else log.error)(text)

    def _tidy(self) -> None:
        """Remove releases beyond the number kept and candidates of earlier nights; failing at it harms no night."""
        from publication import publish

        try:
            publish.retain(self.settings.releases, self.settings.keep_releases)
            for folder in self.settings.candidates.glob("????-??-??"):
                if folder.name < str(self.run_date):
                    shutil.rmtree(folder)
        except (OSError, PublicationError) as error:
            log.error("old releases not tidied up", why=str(error))

    def _needs_candidate(self, step: str) -> None:
        if not (self.candidate / "release.json").is_file():
            raise StepError(
                f"{step} {self.run_date}: nothing was built yet; `fsdb build --run-date {self.run_date}` first"
            )

    def _stop_message(self, stops: list[Any]) -> str:
        from publication import publish

        base = publish.base_of(self.settings.releases, self.run_date)
        lines = [f"gate stopped the night {self.run_date}: {len(stops)} critical finding(s)"]
        for finding in stops:
            lines.append(f"  {finding.id} {finding.title} ({finding.table})")
            lines.append(f"    expected {finding.expected}, got {finding.observed}")
            if finding.compared_with:
                lines.append(f"    compared with {finding.compared_with}")
            lines += [f"    {row}" for row in finding.sample[:5]]
        kept = f"people still see {base.name}" if base else "nothing is published yet"
        lines.append(f"  {kept}; the candidate lies in {self.candidate}")
        lines.append(f"  look: {self.candidate / 'report.html'}")
        lines.append(
            f"  next: mend the cause (`fsdb extract <source> --run-date {self.run_date}` asks a source again), then "
            f"`fsdb run --run-date {self.run_date}`; or accept: --accept {stops[0].id}"
        )
        return "\n".join(lines)

    @contextmanager
    def _alone(self, task: str) -> Iterator[None]:
        """Nobody else builds or fetches while the block runs."""
        with nullcontext() if self._holds_night else held(self.settings.locks, "night", task, self.clock):
            yield

    @contextmanager
    def _beside(self, task: str) -> Iterator[None]:
        """Other sources may be fetched at the same time, but nobody builds."""
        with nullcontext() if self._holds_night else held(self.settings.locks, "night", task, self.clock, shared=True):
            yield
