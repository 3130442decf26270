"""`fsdb deliver`: what senders use before they send, and what they are told to send."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from extractors.core import contract, deliveries
from extractors.core.archive import Archive
from extractors.core.clock import SystemClock
from extractors.core.inbox import MANIFEST, named
from extractors.core.spec import SourceSpec, all_specs
from extractors.core.verdict import History, Verdict, judge
from pipeline.night import UnknownSourceError
from pipeline.run_date import today
from pipeline.settings import Settings, load

PAGES = Path("docs/deliveries")


def delivered(source: str) -> SourceSpec:
    """The spec of a source that comes as deliveries; raise `UnknownSourceError` for any other."""
    specs = {name: spec for name, spec in all_specs().items() if spec.http is None}
    if source not in specs:
        raise UnknownSourceError(f"no source {source!r} that is delivered; there are: {', '.join(specs)}")
    return specs[source]


def verdict_on(settings: Settings, source: str, file: Path, manifest: Path | None) -> Verdict:
    """What the next night would say of a file, after all that was delivered before. Touches nothing."""
    spec = delivered(source)
    if manifest is None:
        beside = file if file.name.endswith(MANIFEST) else file.with_name(file.name + MANIFEST)
        manifest = beside if beside.exists() else None
    item = named(spec, file, manifest)
    night = today(SystemClock().now(), settings.timezone)
    known = Archive(settings.raw).deliveries(spec.id, item.resource, night) if item.resource else []
    return judge(spec, item, History(known), night)


def commands(spoken: Callable[[Any], Any], out: Console) -> typer.Typer:
    """The commands; `spoken` turns what can go wrong into words and exit codes."""
    app = typer.Typer(help="Deliveries: check a file before it is sent; write what senders need to know.")

    @app.command(epilog="Example: fsdb deliver check branches_B0001H111000001_2026Q2.xlsx --source bank_branches")
    @spoken
    def check(
        file: Annotated[Path, typer.Argument(metavar="FILE", help="The file, or a manifest that withdraws.")],
        source: Annotated[str, typer.Option("--source", "-s", help="The source it is delivered to.")],
        resource: Annotated[
            str | None, typer.Option("--resource", help="What it is meant to be; its name must say the same.")
        ] = None,
        manifest: Annotated[
            Path | None, typer.Option("--manifest", help="Its manifest; default: FILE.manifest.json, if it is there.")
        ] = None,
    ) -> None:
        """Say what would become of a file, without taking it. Ends with 0 when it is good, with 1 when it is not."""
        settings = load()
        verdict = verdict_on(settings, source, file, manifest)
        out.print(
            deliveries.report(verdict, today(SystemClock().now(), settings.timezone)),
            markup=False, highlight=False, soft_wrap=True, end="",
        )  # fmt: skip
        is_other = resource is not None and resource != verdict.delivery.resource
        if is_other:
            named_like = verdict.delivery.resource or "no resource"
            out.print(f"expected a file of {resource}: it is named like {named_like}", markup=False, highlight=False)
        if is_other or verdict.delivery.status == "rejected":
            raise typer.Exit(1)

    @app.command(epilog="Example: fsdb deliver page bank_branches -o pages")
    @spoken
    def page(
        source: Annotated[str, typer.Argument(metavar="SOURCE", help="A source that is delivered.")],
        output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write to.")] = PAGES,
    ) -> None:
        """Write the page from which a sender can start, and an example of each file with its manifest."""
        for path in contract.write(delivered(source), output):
            out.print(str(path), markup=False, highlight=False, soft_wrap=True)

    return app
