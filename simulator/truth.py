"""What is really so in the simulated world on a night, told in the pipeline's terms, to compare a release with."""

import datetime as dt
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.exchanges.sse import written_title
from simulator.statuses import EXCHANGES, STATUSES
from simulator.vocabulary import ACCOUNTANTS, LAW_FIRMS, PLACES, SPONSORS, TRADES
from simulator.world import BOARDS, BSE, DAY, SSE, Projects, World


class Project(NamedTuple):
    """A review project: what its exchange writes (title, raw codes) and what is so. None: the exchange is silent."""

    exchange: str
    project_id: str
    company_name: str
    title: str
    board: str
    status: str
    raw_status: str
    raw_sub: str
    plan_raise_cny: int | None
    accepted_on: dt.date
    updated_on: dt.date
    sponsor_name: str
    sponsor_short_name: str
    law_firm_name: str | None
    accountant_name: str | None
    region: str
    csrc_industry: str
    neeq_code: str | None


class Transition(NamedTuple):
    """A project whose canonical status differs from that of the earlier night; None before it was first seen."""

    exchange: str
    project_id: str
    previous_status: str | None
    status: str
    date_moved: bool


@dataclass(frozen=True)
class Truth:
    """A night, compared with an earlier one (`since` is None on the first night of the world: nothing to compare).

    totals: per exchange, `total` and the number of projects in each canonical status.
    changes: per exchange, how many records are `added` and `changed`, as a change log by key and record hash sees it.
    """

    night: dt.date
    since: dt.date | None
    totals: dict[str, dict[str, int]]
    changes: dict[str, dict[str, int]]
    projects: list[Project]
    transitions: list[Transition]

    def write(self, folder: Path) -> None:
        """Write truth.json (totals, changes), projects.parquet and transitions.parquet into a folder."""
        import pandas as pd  # takes half a second, and the server never needs it

        folder.mkdir(parents=True, exist_ok=True)
        summary = {
            "night": str(self.night),
            "since": self.since and str(self.since),
            "totals": self.totals,
            "changes": self.changes,
        }
        text = json.dumps(summary, ensure_ascii=False, indent=1) + "\n"
        (folder / "truth.json").write_text(text, encoding="utf-8")
        pd.DataFrame(self.projects, columns=list(Project._fields)).to_parquet(folder / "projects.parquet")
        pd.DataFrame(self.transitions, columns=list(Transition._fields)).to_parquet(folder / "transitions.parquet")


def tell(world: World, night: dt.date, since: dt.date | None = None) -> Truth:
    """The truth of a night, with what has changed `since` an earlier night (default: the night before)."""
    if since is None and night > world.begin:
        since = night - dt.timedelta(days=1)
    before = world.projects(since) if since else None
    projects = world.projects(night)
    return Truth(
        night=night,
        since=since,
        totals=_totals(projects),
        changes={} if before is None else _changes(before, projects),
        projects=_projects(world, projects),
        transitions=[] if before is None else _transitions(before, projects),
    )


def _totals(projects: Projects) -> dict[str, dict[str, int]]:
    totals: dict[str, dict[str, int]] = {}
    for code, name in enumerate(EXCHANGES):
        rows = np.bincount(projects["status"][projects["exchange"] == code], minlength=len(STATUSES)).tolist()
        counts: Counter[str] = Counter()
        for status, number in zip(STATUSES, rows, strict=True):
            counts[status.canonical] += number
        totals[name] = {"total": counts.total()} | {status: n for status, n in sorted(counts.items()) if n}
    return totals


def _changes(before: Projects, after: Projects) -> dict[str, dict[str, int]]:
    changed = after[: len(before)]["exchange"][before != after[: len(before)]]
    added = after[len(before) :]["exchange"]
    return {
        name: {"added": int((added == code).sum()), "changed": int((changed == code).sum())}
        for code, name in enumerate(EXCHANGES)
    }


def _transitions(before: Projects, after: Projects) -> list[Transition]:
    old = after[: len(before)]
    moved = np.flatnonzero(_canonical(before) != _canonical(old))
    steps = [
        Transition(
            EXCHANGES[project["exchange"]],
            str(project["number"]),
            STATUSES[before["status"][row]].canonical,
            STATUSES[project["status"]].canonical,
            bool(before["updated"][row] // DAY != project["updated"] // DAY),
        )
        for row, project in zip(moved.tolist(), old[moved], strict=True)
    ]
    sights = [
        Transition(
            EXCHANGES[project["exchange"]],
            str(project["number"]),
            None,
            STATUSES[project["status"]].canonical,
            True,
        )
        for project in after[len(before) :]
    ]
    return steps + sights


def _canonical(projects: Projects) -> NDArray[np.str_]:
    return np.asarray(np.array([status.canonical for status in STATUSES])[projects["status"]])


def _projects(world: World, projects: Projects) -> list[Project]:
    companies, numbers = world.companies, projects["company"]
    return [
        Project(
            exchange=EXCHANGES[exchange],
            project_id=str(number),
            company_name=name,
            title=written_title(title, name, BOARDS[exchange][board]) if exchange == SSE else name,
            board=BOARDS[exchange][board],
            status=status.canonical,
            raw_status=status.code,
            raw_sub=status.sub,
            plan_raise_cny=raise_wan * 10_000 if exchange == SSE else None,
            accepted_on=accepted,
            updated_on=updated,
            sponsor_name=SPONSORS[sponsor].full,
            sponsor_short_name=SPONSORS[sponsor].short,
            law_firm_name=LAW_FIRMS[law_firm].full if exchange == SSE else None,
            accountant_name=ACCOUNTANTS[accountant].full if exchange == SSE else None,
            region=PLACES[place].province,
            csrc_industry=TRADES[trade].industry,
            neeq_code=stock_code if exchange == BSE else None,
        )
        for (
            exchange, number, name, title, board, status, raise_wan, accepted, updated, sponsor, law_firm, accountant,
            place, trade, stock_code,
        ) in zip(
            projects["exchange"].tolist(),
            projects["number"].tolist(),
            companies.names(numbers),
            projects["title"].tolist(),
            projects["board"].tolist(),
            (STATUSES[row] for row in projects["status"].tolist()),
            projects["raise_wan"].tolist(),
            (projects["accepted"] // DAY).astype("datetime64[D]").tolist(),
            (projects["updated"] // DAY).astype("datetime64[D]").tolist(),
            projects["sponsor"].tolist(),
            projects["law_firm"].tolist(),
            projects["accountant"].tolist(),
            companies.places(numbers),
            companies.trades(numbers),
            companies.stock_codes(numbers),
            strict=True,
        )
    ]  # fmt: skip
