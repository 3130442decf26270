"""The truth that a release is compared with, and the command line."""

import datetime as dt
import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import requests
from typer.testing import CliRunner

from simulator import Truth, World, tell
from simulator.__main__ import app

NIGHT = dt.date(2026, 7, 13)


def by_key(truth: Truth) -> dict[tuple[str, str], str]:
    return {(p.exchange, p.project_id): p.status for p in truth.projects}


def test_transitions_lead_from_one_night_to_the_other() -> None:
    world = World(500, change_share=0.05)
    before, after = tell(world, NIGHT), tell(world, dt.date(2026, 7, 17), since=NIGHT)
    states = by_key(before)
    for step in after.transitions:
        assert states.get((step.exchange, step.project_id)) == step.previous_status
        states[step.exchange, step.project_id] = step.status
    assert states == by_key(after)
    assert sum(change["added"] for change in after.changes.values()) == len(after.projects) - len(before.projects)


def test_totals_are_those_of_the_projects() -> None:
    truth = tell(World(500), NIGHT)
    for exchange, counts in truth.totals.items():
        statuses = [p.status for p in truth.projects if p.exchange == exchange]
        assert counts == {"total": len(statuses)} | {status: statuses.count(status) for status in set(statuses)}


def test_a_clean_name_is_the_title_without_its_dirt() -> None:
    """Cleaning as the text conventions say gives the company's name back."""
    dirt = re.compile(r"(首次公开发行.*|科创板.*|主板.*|_?IPO.*)$")
    for project in tell(World(3000), NIGHT).projects:
        title = re.sub(r"\s", "", project.title).replace("(", "（").replace(")", "）")
        assert dirt.sub("", title) == project.company_name


def test_the_first_night_has_nothing_before_it() -> None:
    truth = tell(World(100), dt.date(2026, 7, 1))
    assert (truth.since, truth.transitions, truth.changes) == (None, [], {})


def test_the_command_writes_the_truth(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["truth", "--night", "2026-07-14", "--size", "200", "--out", str(tmp_path)])
    assert done.exit_code == 0
    told = tell(World(200), dt.date(2026, 7, 14))
    summary = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert summary["totals"] == told.totals
    assert summary["since"] == "2026-07-13"
    assert len(pd.read_parquet(tmp_path / "projects.parquet")) == len(told.projects)
    assert len(pd.read_parquet(tmp_path / "transitions.parquet")) == len(told.transitions)


def test_the_command_line_refuses_what_cannot_be(tmp_path: Path) -> None:
    for arguments in (["truth", "--night", "2020-01-01", "--out", str(tmp_path)], ["serve", "--fault", "nonsense"]):
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 2


def test_the_command_serves() -> None:
    command = [sys.executable, "-m", "simulator", "serve", "--port", "0", "--size", "60", "--fault", "www.szse.cn:500"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = re.search(r"http://\S+", process.stdout.readline())
            assert address is not None
            health = requests.get(f"{address[0]}/__health", timeout=5).json()
            assert health["faults"] == ["www.szse.cn:500"]
        finally:
            process.terminate()
