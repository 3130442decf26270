"""`fsdb`: the command line. The same steps the schedule calls, for people."""

import errno
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, NoReturn, ParamSpec, TypeVar

import duckdb
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from expectations.result import UnknownFinding
from extractors.core.clock import SystemClock
from extractors.core.errors import ArchiveError, SpecError
from extractors.core.fetch import silent
from extractors.core.spec import all_specs
from pipeline import ask as asking
from pipeline import deliver, logs, show
from pipeline import new_source as new_sources
from pipeline.dbt import BuildError
from pipeline.locks import HeldError, held
from pipeline.night import GateStopped, Night, StepError, UnknownSourceError
from pipeline.run_date import RunDateError, parse, today
from pipeline.settings import PROJECT, Settings, SettingsError, load
from publication import publish as publication
from publication.errors import PublicationError
from publication.questions import QuestionError

STOPPED, USAGE, FAILED = 3, 2, 1
# DuckDB does not say why a write failed (no number); a disk that is full is the likely reason.
FULL = {None, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


class SourceKind(StrEnum):
    """How a source comes."""

    api = "api"
    file = "file"


app = typer.Typer(
    help="Financing Service Databases: fetch every night, check, publish releases people can trust.",
    epilog='Example: fsdb run && fsdb query "select status, count(*) from listing_pipeline.project group by 1"',
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
# Wide where nobody's window says otherwise, so that a log or a pipe gets whole lines.
WIDE = None if sys.stdout.isatty() else 180
out, err = Console(width=WIDE), Console(stderr=True)
P = ParamSpec("P")
R = TypeVar("R")

RunDate = Annotated[str | None, typer.Option("--run-date", metavar="YYYY-MM-DD", help="The night; default: today's.")]
Sources = Annotated[
    str | None, typer.Option("--sources", metavar="A,B", help="Only these sources; default: all (FSDB_SOURCES).")
]
Accept = Annotated[
    list[str] | None,
    typer.Option("--accept", metavar="ID", help="Accept this critical finding for this night; may be repeated."),
]


def fail(message: str, code: int) -> NoReturn:
    """Say what went wrong and end."""
    err.print(message, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def spoken(function: Callable[P, R]) -> Callable[P, R]:
    """Turn what can go wrong into words and exit codes; a traceback is a bug of ours."""

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            logs.configure()
            return function(*args, **kwargs)
        except (
            SettingsError,
            RunDateError,
            UnknownSourceError,
            UnknownFinding,
            QuestionError,
            show.QueryError,
        ) as error:
            fail(f"error: {error}", USAGE)
        except GateStopped as stop:
            fail(str(stop), STOPPED)
        except (HeldError, StepError, BuildError, ArchiveError, SpecError, PublicationError) as error:
            fail(f"error: {error}", FAILED)
        except OSError as error:
            full = "; nothing half-written is visible\n  next: make room or mend the disk, then run again"
            fail(f"error: {error}{full if error.errno in FULL else ''}", FAILED)
        except duckdb.Error as error:
            fail(f"error: {error}\n  next: `fsdb releases --verify`; `fsdb build --full` builds anew", FAILED)

    return wrapper


def night_of(run_date: str | None, sources: str | None = None) -> Night:
    """The night the options name."""
    settings = load(**({"sources": sources} if sources is not None else {}))
    clock = SystemClock()
    now = clock.now()
    which = parse(run_date, now, settings.timezone) if run_date else today(now, settings.timezone)
    night = Night(settings, which, clock)
    night.sources()
    return night


@contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """Bars on a terminal, nothing elsewhere (the log says it)."""
    if not err.is_terminal:
        yield silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def tell(resource: str, fetched: int, total: int) -> None:
            if resource not in tasks:
                tasks[resource] = bars.add_task(resource, total=total)
            bars.update(tasks[resource], completed=fetched, total=total)

        yield tell


@app.command(epilog="Example: fsdb run --run-date 2026-07-14 --sources sse,szse")
@spoken
def run(run_date: RunDate = None, sources: Sources = None, accept: Accept = None) -> None:
    """Run a whole night: fetch what is missing, build, let the gate decide, publish."""
    night = night_of(run_date, sources)
    with progress_bars() as progress:
        report = night.run(frozenset(accept or ()), progress)
    show.report(out, report)


@app.command(epilog="Example: fsdb extract szse --run-date 2026-07-15")
@spoken
def extract(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="One of `fsdb sources`.")],
    run_date: RunDate = None,
    accept_volume: Annotated[
        bool, typer.Option("--accept-volume", help="The source is right about its unusual number of rows.")
    ] = False,
) -> None:
    """Make one more attempt at a source. Earlier attempts of the night stay as they are."""
    night = night_of(run_date)
    with progress_bars() as progress:
        fetched = night.extract(source, accept_volume=accept_volume, progress=progress)
    show.fetched(out, [fetched])
    if not fetched.is_good:
        raise typer.Exit(FAILED)


@app.command(epilog="Example: fsdb build --run-date 2026-07-15 --full")
@spoken
def build(
    run_date: RunDate = None,
    full: Annotated[bool, typer.Option("--full", help="Build anew, even what is built already.")] = False,
) -> None:
    """Build the databases from the archive and write the release candidate."""
    night = night_of(run_date)
    mode = night.build(full=full)
    out.print(f"built {night.run_date} ({mode}); candidate: {night.candidate}", highlight=False, soft_wrap=True)


@app.command(epilog="Example: fsdb audit --run-date 2026-07-15")
@spoken
def audit(run_date: RunDate = None, accept: Accept = None) -> None:
    """Let the gate judge the candidate. Ends with 3 when it stops it."""
    show.gate(out, night_of(run_date).audit(frozenset(accept or ())))


@app.command(epilog="Example: fsdb publish --run-date 2026-07-15")
@spoken
def publish(run_date: RunDate = None) -> None:
    """Publish the judged candidate and make it the current release."""
    release = night_of(run_date).publish()
    out.print(f"released {release.release_id}", highlight=False)


@app.command(epilog="Example: fsdb releases --verify")
@spoken
def releases(
    verify: Annotated[bool, typer.Option("--verify", help="Check every file against what was published.")] = False,
) -> None:
    """List the published releases, newest first."""
    if show.releases(out, load().releases, verify=verify):
        raise typer.Exit(FAILED)


@app.command(epilog="Example: fsdb rollback 2026-07-14-0123456789ab")
@spoken
def rollback(release: Annotated[str, typer.Argument(metavar="RELEASE")]) -> None:
    """Make a kept release the current one again."""
    settings, clock = load(), SystemClock()
    with held(settings.locks, "night", f"rollback to {release}", clock):
        try:
            before = publication.current(settings.releases)
            was = before.release_id if before else "nothing"
        except PublicationError:
            was = "lost"
        now_current = publication.rollback(settings.releases, release, now=clock.now())
    out.print(f"current is {now_current.release_id} (was {was})", highlight=False)


@app.command(epilog="Example: fsdb diff 2026-07-14-0123456789ab 2026-07-15-ba9876543210")
@spoken
def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="The earlier release.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The later release.")],
) -> None:
    """What changed from release A to release B, table by table."""
    show.diff(out, load().releases, a, b)


@app.command(
    epilog='Example: fsdb query --format csv "select status, count(*) from listing_pipeline.project group by 1"'
)
@spoken
def query(
    sql: Annotated[str, typer.Argument(metavar="SQL")],
    fmt: Annotated[show.Format, typer.Option("--format", help="How to print the rows.")] = show.Format.table,
    release: Annotated[str | None, typer.Option("--release", help="Another release than the current one.")] = None,
    edition: Annotated[
        show.Edition, typer.Option("--edition", help="Only what these may see; internal is everything.")
    ] = show.Edition.internal,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file instead of the screen.")] = None,
) -> None:
    """Ask a release, or an edition of it, in SQL."""
    show.query(out, load().releases, sql, fmt, release, output, edition)


@app.command(epilog="Example: fsdb ask 8 --set prefecture=3201 --format csv")
@spoken
def ask(
    number: Annotated[int | None, typer.Argument(metavar="NUMBER", help="Which question; none: list them.")] = None,
    told: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter; may be repeated.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what it answers, its parameters and its SQL.")
    ] = False,
    fmt: Annotated[show.Format, typer.Option("--format", help="How to print the rows.")] = show.Format.table,
    release: Annotated[str | None, typer.Option("--release", help="Another release than the current one.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file instead of the screen.")] = None,
) -> None:
    """Ask one of the ready questions."""
    if number is None:
        asking.shown(out)
    elif explain:
        asking.explain(out, asking.find(number))
    else:
        asking.answer(out, load().releases, asking.find(number), told or (), fmt, release, output)


@app.command()
@spoken
def sources() -> None:
    """The declared sources and what is expected of them."""
    load()
    show.sources(out, all_specs())


@app.command("new-source", epilog="Example: fsdb new-source appraisers --family guarantee --kind file")
@spoken
def new_source(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits and _.")],
    family: Annotated[str, typer.Option("--family", help="What it belongs to: listing, guarantee, …")],
    kind: Annotated[SourceKind, typer.Option("--kind", help="Read over HTTP, or delivered as files.")],
    jurisdiction: Annotated[str, typer.Option("--jurisdiction", help="ISO 3166-1, two letters.")] = "CN",
) -> None:
    """Write the files of a new source: spec, extractor or delivery page, staging model and tests."""
    for path in new_sources.write(name, family, kind.value, jurisdiction):
        show.say(out, str(path.relative_to(PROJECT)))
    show.say(out, f"on trial; next: make test, then say in extractors/sources/{name}/source.yml what it really is")


@app.command()
@spoken
def status(nights: Annotated[int, typer.Option("--nights", min=1, help="How many nights back.")] = 5) -> None:
    """The last nights: each source's outcome, age and counts, the gate and the release."""
    settings = load()
    show.status(out, settings, nights)


@app.command()
@spoken
def config() -> None:
    """The settings in force and where they come from."""
    show.config(out, load(), Settings)


app.add_typer(deliver.commands(spoken, out), name="deliver")


def main() -> None:
    """Entry point of `python -m pipeline.cli`."""
    app()


if __name__ == "__main__":
    sys.exit(app())
