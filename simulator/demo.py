"""`make run`: three nights by the command line, a fourth by Airflow, all against the simulator.

Types the commands a person would type, in processes of their own; what they write lies in `data/demo`, apart from
real data. Files arrive before every night: histories on the first, on the second two that are rejected, on the third
what their senders mended.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from simulator import TOKEN
from simulator.server import Simulator

PROJECT = Path(__file__).parents[1]
DATA = PROJECT / "data" / "demo"
BIN = Path(sys.executable).parent
NIGHTS = ("2026-07-13", "2026-07-14", "2026-07-15")
AIRFLOW_NIGHT = "2026-07-16"
QUERY = "select exchange, status, count(*) as projects from listing_pipeline.project group by all order by all"
ARRIVED = """
    select received_on, source_id, resource, status, count(*) as files, sum(rows) as rows
    from quality.delivery where received_on > date '2026-07-13' group by all order by all"""
# `nights`: on which of them a row was first said as it stands.
HELD = " union all ".join(
    f"select '{table}' as table_name, count(*) as rows, count(distinct as_of) as nights from {table}"
    for table in (
        "financial_institutions.institution",
        "financial_institutions.branch",
        "financial_institutions.product",
        "financial_institutions.penalty",
        "guarantees.institution",
        "guarantees.institution_quarter",
        "guarantees.contract",
        "guarantees.compensation",
        "guarantees.bank_cooperation",
        "listing_pipeline.project",
        "listing_pipeline.project_history",
    )
)
# What the simulator plays; the sources of other countries have no stand-in.
SOURCES = "sse,szse,bse,bank_products,nfra_penalties,nfra_institutions,bank_branches,guarantee_lists,guarantor_reports"


def environment(address: str) -> dict[str, str]:
    """What the commands are told: where the outside world is, where to write, and Airflow to be quiet."""
    airflow = {
        "AIRFLOW_HOME": str(PROJECT / ".airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        # No log-in, and therefore for this machine only.
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "NO_PROXY": "127.0.0.1,localhost",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    }
    ours = {
        "FSDB_UPSTREAM": address,
        "FSDB_DATA_DIR": str(DATA),
        "FSDB_SOURCES": SOURCES,
        "FSDB_TOKEN_BANK_PRODUCTS": TOKEN,
    }
    return os.environ | airflow | ours


def say(text: str) -> None:
    """One plain line, at once."""
    print(text, flush=True)


def play(command: list[str], env: dict[str, str]) -> None:
    """Run a command, showing what it shows; end with its exit code if it fails."""
    started = time.monotonic()
    done = subprocess.run([str(BIN / command[0]), *command[1:]], env=env, cwd=PROJECT, check=False)
    if done.returncode:
        say(f"{' '.join(command)} ended with {done.returncode}")
        sys.exit(done.returncode)
    say(f"  ({time.monotonic() - started:.0f} s)")


def arrive(world: Simulator, night: str) -> None:
    """Turn the world to a night and let the files of that night arrive, once however often the nights are played."""
    world.night = night
    if not (DATA / "runs" / f"run_date={night}").exists():
        say(f"\n— {len(world.drop(DATA / 'inbox'))} files arrive in {DATA.relative_to(PROJECT)}/inbox")


def show_rejected(night: str) -> None:
    """The reports beside the files that were rejected on a night."""
    for report in sorted((DATA / "inbox").glob(f"*/rejected/{night}/*.report.txt")):
        say(f"\n{report.relative_to(PROJECT)}")
        say("".join(f"  | {line}\n" for line in report.read_text(encoding="utf-8").splitlines()))


def main() -> None:
    """Play the nights and say what to try next."""
    with Simulator(night=NIGHTS[0]) as world:
        env = environment(world.url)
        for night in NIGHTS:
            arrive(world, night)
            say(f"\n— night {night}: fsdb run --run-date {night}")
            play(["fsdb", "run", "--run-date", night], env)
            show_rejected(night)
        arrive(world, AIRFLOW_NIGHT)
        say(f"\n— night {AIRFLOW_NIGHT}, run by Airflow: airflow dags test nightly {AIRFLOW_NIGHT}")
        play(["airflow", "db", "migrate"], env)
        play(["airflow", "dags", "test", "nightly", AIRFLOW_NIGHT], env)
    say("\n— what arrived after the first night, and what became of it: fsdb query …")
    play(["fsdb", "query", ARRIVED], env)
    say("— what the three databases hold, of how many nights: fsdb query …")
    play(["fsdb", "query", f"{HELD} order by table_name"], env)
    say("— guarantors near the cap on what they may guarantee: fsdb ask 1")
    play(["fsdb", "ask", "1"], env)
    say("\n— the last nights: fsdb status")
    play(["fsdb", "status"], env)
    say("— the releases: fsdb releases")
    play(["fsdb", "releases"], env)
    say("next, ask the current release:")
    say(f'  FSDB_DATA_DIR={DATA.relative_to(PROJECT)} .venv/bin/fsdb query "{QUERY}"')
    say(f"and open {DATA.relative_to(PROJECT)}/releases/<release>/report.html")


if __name__ == "__main__":
    main()
