"""Three exchanges in little: lists that change from night to night, and what the databases must then say.

The lists take every turn a list can take: new and gone projects, legal and illegal steps, codes nobody knows, dates
nobody can read, new names, dates that move and dates that stay, a source that is down. What must come of it is told
again here, in Python and one project at a time, from nothing but the seeds.
"""

import csv
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path

PROJECT = Path(__file__).parents[2] / "dbt_project"
NIGHTS = [date(2026, 7, 13) + timedelta(days=days) for days in (0, 1, 2, 5)]
DOWN = ("szse", NIGHTS[1])
LATE = ("bse", NIGHTS[1])

Record = dict[str, str | None]

KEY = {"sse": "stockAuditNum", "szse": "prjid", "bse": "id"}


def seed(name: str) -> list[dict[str, str]]:
    """The rows of a seed as they stand in its file."""
    with (PROJECT / "seeds" / "reference" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


STATE = {(row["exchange"], row["raw_status"], row["raw_sub"]): row["canonical"] for row in seed("status_map")}
ALLOWED = {(row["from_status"], row["to_status"]) for row in seed("status_transition")}
CODES = {exchange: [code[1:] for code in STATE if code[0] == exchange] for exchange in ("SSE", "SZSE", "BSE")}


@dataclass
class Project:
    """A project as the outside world knows it; `code` is (raw status, sub-code or "-")."""

    exchange: str
    number: str
    name: str
    code: tuple[str, str]
    updated: date
    is_date_readable: bool = True

    def record(self) -> Record:
        """The record the exchange's list shows."""
        status, sub = self.code[0], None if self.code[1] == "-" else self.code[1]
        day = f"{self.updated:%Y%m%d}000000" if self.is_date_readable else "soon"
        if self.exchange == "SSE":
            own = {"3": "commitiResult", "5": "registeResult", "7": "suspendStatus", "9": "commitiResult"}
            return {
                "stockAuditNum": self.number,
                "stockAuditName": f"{self.name}首次公开发行股票并在科创板上市",
                "currStatus": status,
                own.get(status, "commitiResult"): sub or "",
                "issueMarketType": "1",
                "planIssueCapital": "44.2629",
                "updateDate": day,
                "intermediary": json.dumps([{"i_intermediaryType": 1, "i_intermediaryAbbrName": "中金公司"}]),
            }
        if self.exchange == "SZSE":
            is_text = sub is not None and not sub.isdigit()
            return {
                "prjid": self.number,
                "cmpnm": self.name,
                "prjst": sub if is_text else "说法",
                "stage": status,
                "prjstatus": None if is_text else sub,
                "boardName": "创业板",
                "updtdt": f"{self.updated} 00:00:00" if self.is_date_readable else "soon",
            }
        midnight = datetime(self.updated.year, self.updated.month, self.updated.day, tzinfo=UTC) - timedelta(hours=8)
        return {
            "id": self.number,
            "stockCode": str(874000 + int(self.number) % 7),
            "companyName": self.name,
            "status": status,
            "updateDate": json.dumps({"time": int(midnight.timestamp() * 1000)}) if self.is_date_readable else "soon",
        }


@dataclass
class Change:
    """A row of a change log, and the project behind it."""

    source: str
    night: date
    kind: str
    project: Project
    record: Record


def change_logs(random_seed: int, projects: int) -> list[Change]:
    """What the nights changed in the lists of the three exchanges, about `projects` in each."""
    dice = random.Random(random_seed)
    changes = []
    for source in KEY:
        exchange = source.upper()
        listed: dict[str, Project] = {}
        shown: dict[str, tuple[Project, Record]] = {}
        for night in NIGHTS:
            for number in map(str, range(projects)):
                listed = {**listed, **_turn(dice, exchange, number, listed.get(number), night)}
                if dice.random() < 0.05:
                    listed.pop(number, None)
            if (source, night) == DOWN:
                continue
            now = {number: (project, project.record()) for number, project in listed.items()}
            changes += list(_diff(source, night, shown, now))
            shown = now
    return changes


def until(night: date, changes: list[Change]) -> list[Change]:
    """The changes of a night and all before it."""
    return [change for change in changes if change.night <= night]


def _turn(dice: random.Random, exchange: str, number: str, before: Project | None, night: date) -> dict[str, Project]:
    """What becomes of a project in a night: often nothing."""
    luck = dice.random()
    if before is None:
        if luck < 0.3:
            return {}
        code = dice.choice(CODES[exchange])
        return {number: Project(exchange, number, _name(dice), code, night - timedelta(days=dice.randrange(5)))}
    code, name, updated = before.code, before.name, before.updated
    if luck < 0.4:
        code = dice.choice(CODES[exchange])
    elif luck < 0.45:
        code = ("99", "-")
    elif luck < 0.55:
        name = _name(dice)
    if dice.random() < 0.5:
        updated = night
    return {number: Project(exchange, number, name, code, updated, is_date_readable=dice.random() > 0.05)}


def _name(dice: random.Random) -> str:
    return f"{dice.choice('甲乙丙丁')}（{dice.choice('沪深京')}）{dice.randrange(12)}股份有限公司"


def _diff(
    source: str, night: date, before: dict[str, tuple[Project, Record]], now: dict[str, tuple[Project, Record]]
) -> Iterator[Change]:
    for number, (project, record) in now.items():
        if number not in before:
            yield Change(source, night, "added", project, record)
        elif before[number][1] != record:
            yield Change(source, night, "changed", project, record)
    for number in before.keys() - now.keys():
        yield Change(source, night, "removed", *before[number])


@dataclass
class Told:
    """What the databases must say, keyed as they are."""

    projects: set[tuple[object, ...]] = field(default_factory=set)
    events: set[tuple[object, ...]] = field(default_factory=set)
    history: set[tuple[object, ...]] = field(default_factory=set)
    quarantine: set[tuple[object, ...]] = field(default_factory=set)


def told(changes: list[Change]) -> Told:
    """The story of every project, told one by one."""
    said = Told()
    stories = sorted(changes, key=lambda change: (change.project.exchange, change.project.number, change.night))
    for _, story in groupby(stories, key=lambda change: (change.project.exchange, change.project.number)):
        _tell(said, list(story))
    return said


def _tell(said: Told, story: list[Change]) -> None:
    key = (story[0].project.exchange, story[0].project.number)
    good: Change | None = None
    status, since, first = "", date.min, None
    open_row: tuple[str, date] | None = None
    broken = None
    for change in story:
        broken = None
        if change.kind == "removed":
            if open_row:
                said.history.add((*key, *open_row, change.night))
                open_row = None
            continue
        state = STATE.get((key[0], *change.project.code))
        if not change.project.is_date_readable:
            broken = "date_unreadable"
        elif state is None:
            broken = "status_unknown"
        elif good and state != status and (status, state) not in ALLOWED:
            broken = "transition_not_allowed"
        if broken or state is None:
            continue
        if state != status:
            moved = good is None or good.project.updated != change.project.updated
            said.events.add((*key, change.night, status or None, state, change.project.updated if moved else None))
            since = change.night
        if open_row is None or open_row[0] != state:
            if open_row:
                said.history.add((*key, *open_row, change.night))
            open_row = (state, change.night)
        good, status, first = change, state, first or change.night
    if open_row:
        said.history.add((*key, *open_row, None))
    if story[-1].kind == "removed":
        return
    if broken:
        said.quarantine.add((*key, broken, story[-1].night))
    if good:
        trust = "warn" if broken or status == "registration_decided" else "pass"
        said.projects.add((*key, good.project.name, status, first, since, good.night, trust))
