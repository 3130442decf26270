"""`python -m simulator serve` answers like the live hosts, `drop` delivers files, `truth` writes what is really so."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from simulator.faults import KINDS
from simulator.lending.answers import Answers
from simulator.lending.calendar import OPENING
from simulator.lending.delivered import Delivered
from simulator.lending.drop import drop as drop_files
from simulator.lending.economy import Lending
from simulator.lending.schedule import Schedule
from simulator.lending.truth import tables
from simulator.lending.truth import write as write_tables
from simulator.server import Simulator
from simulator.truth import tell
from simulator.world import World

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

Night = Annotated[str, typer.Option(help="The night on which the world is looked at, YYYY-MM-DD, 2026-07-01 or later.")]
Size = Annotated[int, typer.Option(help="Review projects on the first night of the world.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same world, byte for byte.")]
Share = Annotated[float, typer.Option(help="Share of the projects that change in one night.")]
Faults = Annotated[
    list[str] | None,
    typer.Option(
        "--fault",
        metavar="HOST:KIND[:N]",
        help="Repeatable. HOST a live host, * or *.suffix; N a count (3) or a probability (0.2, 20%); KIND: "
        + "; ".join(f"{kind} ({what})" for kind, what in KINDS.items()),
    ),
]


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="0 picks a free port; the first line printed says which.")] = 8099,
    night: Night = "2026-07-13",
    size: Size = 3600,
    seed: Seed = 1,
    change_share: Share = 0.004,
    fault: Faults = None,
    delay: Annotated[float, typer.Option(help="Seconds to wait before every answer.")] = 0.0,
    hold_seconds: Annotated[float, typer.Option(help="How long a timeout fault holds the line.")] = 60.0,
    retry_after: Annotated[int, typer.Option(help="Seconds in the Retry-After of faults 429 and 503.")] = 1,
) -> None:
    """Serve exchanges, product feed and regulator on http://127.0.0.1:PORT/LIVE-HOST/LIVE-PATH until interrupted.

    Own pages: /__health, /__night/YYYY-MM-DD, /__requests[?host=&clear=1], /__fault?set=HOST:KIND[:N] and
    /__fault?clear=HOST:KIND[:N] (or clear=all).
    """
    try:
        simulator = Simulator(
            size=size,
            seed=seed,
            night=night,
            change_share=change_share,
            faults=fault or (),
            port=port,
            delay=delay,
            hold_seconds=hold_seconds,
            retry_after=retry_after,
        )
    except (ValueError, OSError) as error:
        raise typer.BadParameter(str(error)) from error
    print(f"simulator on {simulator.url} night {simulator.night} size {size} seed {seed}", flush=True)
    simulator.serve()


Opening = Annotated[
    dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="The night on which institutions begin to deliver.")
]
_OPENING = dt.datetime.combine(OPENING, dt.time())


@app.command()
def drop(
    inbox: Annotated[Path, typer.Option(help="Folder that has, or gets, a folder for each source.")],
    night: Night = "2026-07-13",
    opening: Opening = _OPENING,
    size: Size = 3600,
    seed: Seed = 1,
) -> None:
    """Write the files that institutions deliver on a night into INBOX/<source>/, with their manifests."""
    try:
        lending = Lending(World(size, seed))
        written = drop_files(lending, dt.date.fromisoformat(night), inbox, Schedule(lending, opening.date()))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    for one in written:
        if one.delivery.event != "regular":
            print(f"{one.file_name}: {one.delivery.event}, to be {one.delivery.status}")
    print(f"{len(written)} deliveries of {sum(one.rows for one in written)} rows on {night} -> {inbox}")


@app.command()
def truth(
    out: Annotated[Path, typer.Option(help="Folder to write truth.json and a Parquet file for each table to.")],
    night: Night = "2026-07-13",
    since: Annotated[str | None, typer.Option(help="Compare with this night instead of the night before.")] = None,
    size: Size = 3600,
    opening: Opening = _OPENING,
    seed: Seed = 1,
    change_share: Share = 0.004,
) -> None:
    """Write totals, every project's true state and the transitions since the night before; the lending databases.

    These are as the deliveries and readings from the opening night on let a pipeline know them: a file
    `<database>.<table>.parquet` for each table, `dirt.parquet`, and `question_<number>.parquet` for each answer.
    """
    try:
        world = World(size, seed, change_share)
        told = tell(world, dt.date.fromisoformat(night), dt.date.fromisoformat(since) if since else None)
        lending = Lending(world)
        delivered = Delivered(lending, told.night, Schedule(lending, opening.date()))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    told.write(out)
    known = tables(delivered)
    write_tables(known | Answers(delivered, known).all(), out)
    print(f"{len(told.projects)} projects, {len(told.transitions)} transitions since {told.since} -> {out}")


if __name__ == "__main__":
    app()
