"""What the command line shows: tables and short texts."""

import csv
import io
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from extractors.core.archive import Archive, Outcome
from extractors.core.clock import SystemClock
from extractors.core.spec import SourceSpec, all_specs
from pipeline.ledger import Ledger
from pipeline.locks import is_held
from pipeline.night import Fetched, Report
from pipeline.settings import Settings, config_file, without_secrets
from publication import diff as differences
from publication import editions, publish
from publication.verify import verify_all

EXAMPLE = "select exchange, status, count(*) as projects from listing_pipeline.project group by all order by all"


class QueryError(Exception):
    """What was asked cannot be answered."""


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


class Edition(StrEnum):
    """Who may see what is asked for; each sees what those before it do."""

    public = "public"
    partner = "partner"
    internal = "internal"


def table(*columns: str, title: str | None = None) -> Table:
    """A plain table; a column named `>…` is set right."""
    shown = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for column in columns:
        shown.add_column(
            Text(column.lstrip(">")), justify="right" if column.startswith(">") else "left", overflow="fold"
        )
    return shown


def row(shown: Table, *cells: object) -> None:
    """Add a row; whatever the cells hold (a source's own words, a person's data) is text and nothing else."""
    shown.add_row(*(Text("" if cell is None else str(cell)) for cell in cells))


def say(out: Console, text: str) -> None:
    """Print a line as it is."""
    out.print(text, markup=False, highlight=False, soft_wrap=True)


def fetched(out: Console, found: Sequence[Fetched]) -> None:
    """What every source gave."""
    shown = table("source", "resource", "outcome", ">declared", ">fetched", ">records", "message")
    for source in found:
        for outcome in source.outcomes:
            state = outcome.status + (" (had it)" if source.reused else "")
            row(
                shown,
                outcome.source,
                outcome.resource,
                state,
                *(_number(n) for n in (outcome.declared_total, outcome.fetched, outcome.records)),
                outcome.message,
            )
        if not source.outcomes:
            state = "failed" if source.fault else "not asked"
            row(shown, source.source, "", state, "", "", "", source.fault or "a live source only knows today")
    out.print(shown)


def gate(out: Console, result: Any) -> None:
    """The gate's verdict and what it found."""
    found = [finding for finding in result.findings if not finding.success]
    verdict = "passed" if result.passed else "stopped"
    out.print(f"gate: {verdict}, {len(result.findings)} checks, {len(found)} finding(s)", highlight=False)
    if found:
        shown = table("id", "severity", "finding", "expected", "observed")
        for finding in found:
            severity = f"{finding.severity} (accepted)" if finding.accepted else finding.severity
            row(shown, finding.id, severity, finding.title, finding.expected, finding.observed)
        out.print(shown)


def report(out: Console, done: Report) -> None:
    """The short summary of a night."""
    release = done.release
    fetched(out, done.fetched)
    gate(out, done.gate)
    shown = table("table", ">rows", ">added", ">changed", ">removed", title=f"release {release.release_id}")
    for name, counts in sorted(release.tables.items()):
        delta = counts.get("delta", {})
        row(
            shown,
            name,
            *(_number(n) for n in (counts["rows"], *(delta.get(c) for c in ("added", "changed", "removed")))),
        )
    out.print(shown)
    say(out, f"built {done.mode}; lies in {release.path}")
    say(out, f"look: {release.path / 'report.html'}")
    say(out, f'next: fsdb query "{EXAMPLE}"')


def releases(out: Console, root: Path, *, verify: bool) -> int:
    """List releases; with `verify` check them and return the number of problems."""
    found = publish.releases(root)
    current = publish.current(root)
    checked = verify_all(root) if verify else {}
    shown = table("", "release", "night", "published", ">rows", "gate", *(["verified"] if verify else []))
    problems = 0
    for release in found:
        faults = checked.pop(release.release_id, [])
        problems += len(faults)
        row(
            shown,
            "→" if current and release.release_id == current.release_id else "",
            release.release_id,
            str(release.run_date),
            f"{release.published_at:%Y-%m-%d %H:%M}",
            _number(sum(counts["rows"] for counts in release.tables.values())),
            release.gate,
            *(["; ".join(map(str, faults)) or "sound"] if verify else []),
        )
    for lost, faults in checked.items():  # recorded as published, but no longer there
        problems += len(faults)
        row(shown, "", lost, "", "", "", "", "; ".join(map(str, faults)))
    out.print(shown if found or problems else "no release yet; next: fsdb run")
    return problems


def diff(out: Console, root: Path, a: str, b: str) -> None:
    """Added, changed and removed rows per table, with a few of each."""
    found = differences.diff(publish.path_of(root, a), publish.path_of(root, b))
    shown = table("table", ">added", ">changed", ">removed", title=f"{a} → {b}")
    for entry in found:
        row(shown, entry.table, _number(entry.added), _number(entry.changed), _number(entry.removed))
    out.print(shown)
    for entry in found:
        for sample in entry.sample[:5]:
            say(out, f"  {entry.table} {json.dumps(sample, ensure_ascii=False, default=str)}")


def query(
    out: Console,
    root: Path,
    sql: str,
    fmt: Format,
    release: str | None,
    output: Path | None,
    edition: Edition = Edition.internal,
    values: Mapping[str, Any] | None = None,
) -> None:
    """Run SQL on an edition of a release, which it cannot change, and print or write the rows.

    `values`: of its `$parameters`.
    """
    asked = publish.path_of(root, release)
    path = editions.path_of(asked, edition) / "fsdb.duckdb"
    with duckdb.connect(str(path), read_only=True) as con:
        con.execute("set enable_external_access = false")
        try:
            result = con.sql(sql, params=dict(values)) if values else con.sql(sql)
            if result is None:
                return
            names = list(result.columns)
            if fmt is Format.parquet:
                _parquet(out, result, output)
                return
            rows = result.fetchall()
        except duckdb.Error as error:
            raise QueryError(str(error)) from error
    text = _text(fmt, names, rows)
    if output is not None:
        output.write_text(text, encoding="utf-8")
    elif fmt is Format.table:
        shown = table(*names)
        for cells in rows:
            row(shown, *cells)
        out.print(shown)
        note = "" if edition is Edition.internal else f", {edition} edition"
        out.print(f"{len(rows)} row(s), release {asked.name}{note}", highlight=False)
    else:
        out.file.write(text)


def _text(fmt: Format, names: list[str], rows: list[tuple[Any, ...]]) -> str:
    if fmt is Format.json:
        objects = [dict(zip(names, row, strict=True)) for row in rows]
        return json.dumps(objects, ensure_ascii=False, default=str, indent=1) + "\n"
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return buffer.getvalue()


def _parquet(out: Console, result: Any, output: Path | None) -> None:
    import pyarrow.parquet as pq

    if output is None and out.is_terminal:
        raise QueryError("parquet is not for the screen: give --output FILE or redirect")
    buffer = io.BytesIO()
    pq.write_table(result.to_arrow_table(), buffer)
    if output is not None:
        output.write_bytes(buffer.getvalue())
    else:
        sys.stdout.buffer.write(buffer.getvalue())


def sources(out: Console, specs: Mapping[str, SourceSpec]) -> None:
    """The declared sources."""
    shown = table("source", "title", "family", "resources", "publisher", "cadence", ">max age", "terms")
    for spec in specs.values():
        row(
            shown,
            spec.id,
            spec.title,
            spec.family,
            "\n".join(f"{name} ({resource.mode})" for name, resource in spec.resources.items()),
            spec.publisher.name,
            spec.cadence.cron,
            f"{spec.cadence.max_age_nights} nights",
            spec.licence.terms,
        )
    out.print(shown)


def status(out: Console, settings: Settings, count: int) -> None:
    """The last nights at a glance."""
    archive, ledger = Archive(settings.raw), Ledger(settings.runs, SystemClock())
    resources = [(spec.id, name) for spec in all_specs().values() for name in spec.resources]
    alone = {spec.id for spec in all_specs().values() if len(spec.resources) == 1}
    nights = ledger.nights()[:count]
    shown = table("source", *map(str, nights), title="records, outcome and age of each source, night by night")
    published = {str(release.run_date): release.release_id for release in reversed(publish.releases(settings.releases))}
    busy = is_held(settings.locks, "night")
    for source, name in resources:
        cells = [_cell(archive, source, name, night) for night in nights]
        row(shown, source if source in alone else f"{source}/{name}", *cells)
    row(shown, "gate", *(_judged(ledger, night, busy) for night in nights))
    row(shown, "release", *(published.get(str(night)) for night in nights))
    out.print(shown if nights else "no night was run yet; next: fsdb run")
    for source, name in resources:
        attempt = archive.last(source, name, nights[0]) if nights else None
        if attempt and not attempt.outcome.is_good:
            say(out, f"{source}/{name}: {attempt.outcome.message}")
            say(out, f"  next: {attempt.outcome.next}")
        for line in _rejected(settings, archive, source, name, nights[:1]):
            say(out, line)
        for folder in archive.damaged(source, name):
            say(out, f"{source}/{name}: {folder} is damaged and no longer counts")


def _rejected(settings: Settings, archive: Archive, source: str, name: str, nights: list[date]) -> Iterator[str]:
    """What was rejected on the last night and has not been mended since: file, first fault, where the report lies."""
    for night in nights:
        taken = [delivery for received, delivery in archive.deliveries(source, name, night) if received == night]
        mended = {delivery.file_name for delivery in taken if delivery.status != "rejected"}
        for delivery in taken:
            if delivery.status == "rejected" and delivery.file_name not in mended:
                report = settings.inbox / source / "rejected" / str(night) / f"{delivery.file_name}.report.txt"
                yield f"{source}/{name}: {delivery.file_name} rejected: {delivery.message}"
                yield f"  report: {report}"


def _judged(ledger: Ledger, night: date, busy: bool) -> str:
    """How far a night came: the newest of its steps after fetching."""
    last = max(
        (entry for entry in ledger.entries(night) if entry.step != "extract"),
        key=lambda entry: entry.started_at,
        default=None,
    )
    if last is None:
        return ""
    if last.status == "running":
        return f"{last.step} under way" if busy else f"{last.step} interrupted; run the night again"
    if last.status == "done":
        return "passed" if last.step in ("audit", "publish") else "not judged yet"
    return f"{last.step} {last.status}: {last.message}"


def _cell(archive: Archive, source: str, name: str, night: date) -> str:
    accepted = archive.accepted(source, name, night) or archive.last(source, name, night)
    outcome: Outcome | None = accepted.outcome if accepted else None
    if outcome and outcome.is_good:
        return f"{outcome.records} {outcome.status}"
    good = archive.last_good(source, name, night)
    state = outcome.status if outcome else "not asked"
    kept = f"kept {good.outcome.records}, {(night - good.outcome.run_date).days} night(s) old" if good else "none kept"
    return f"{state} ({kept})"


def config(out: Console, settings: Settings, kind: type[Settings]) -> None:
    """Every setting, its value and what it is for."""
    shown = table("setting", "environment", "value", "meaning")
    for name, info in kind.model_fields.items():
        value = getattr(settings, name)
        text = without_secrets(", ".join(value) if isinstance(value, tuple) else str(value))
        row(shown, name, f"FSDB_{name.upper()}", text or "–", info.description or "")
    out.print(shown)
    path = config_file()
    say(out, f"file: {path.absolute()}" + ("" if path.exists() else " (not there)"))


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
