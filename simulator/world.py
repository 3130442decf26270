"""The review projects of the three exchanges as one table that changes night by night.

The table of a night is a pure function of (seed, size, change share, begin, night): night one is drawn at once, every
later night follows from the one before it with a generator seeded by (seed, night). Nothing is ever removed.
"""

import datetime as dt
import threading

import numpy as np
from numpy.typing import NDArray

from simulator import statuses
from simulator.companies import CAPACITY, Companies
from simulator.statuses import EXCHANGES, MOVING
from simulator.vocabulary import ACCOUNTANTS, LAW_FIRMS, SPONSORS

SSE, SZSE, BSE = range(3)

DAY = 86_400  # seconds

PROJECT = np.dtype(
    [
        ("exchange", np.int8),
        ("number", np.int32),  # the exchange's own id of the project
        ("company", np.int32),
        ("board", np.int8),  # index into BOARDS of the exchange
        ("status", np.int8),  # index into statuses.STATUSES
        ("title", np.int8),  # how the title is written, index into TITLE_SHARES
        ("accepted", np.int64),  # seconds since 1970 on the wall clock of UTC+8
        ("updated", np.int64),
        ("raise_wan", np.int32),  # planned raise in 万元
        ("sponsor", np.int8),
        ("law_firm", np.int8),
        ("accountant", np.int8),
    ]
)
Projects = NDArray[np.void]

BOARDS = (("科创板", "主板"), ("创业板", "主板"), ("北交所",))
TITLE_SHARES = np.array([0.90, 0.02, 0.02, 0.01, 0.01, 0.01, 0.02, 0.005, 0.005])
"""SSE: share of clean titles, then of each way to spoil one; the ways are in exchanges.sse.TITLES."""

_EXCHANGE_SHARES = (0.35, 0.40, 0.25)
_FIRST_NUMBERS = np.array([1, 1_000_001, 1])
_FIRST_ACCEPTED = [dt.date(2019, 3, 22), dt.date(2020, 6, 22), dt.date(2020, 4, 27)]
_MAIN_BOARD_SHARES = np.array([0.18, 0.12, 0.0])
_SECOND_PROJECT_SHARE = 0.06
_NEW_SHARE, _DETAIL_SHARE = 0.2, 0.12  # of a night's changes: new projects, changes other than of the status
_STEP_LIMIT = 0.1  # at most this share of the projects under review takes a step in one night
_SAME_DATE_SHARE = 0.8  # BSE: status changes that leave updateDate alone (74 of 92 seen)
_KEPT_NIGHTS = 3


def day_number(day: dt.date) -> int:
    """Days since 1970-01-01."""
    return (day - dt.date(1970, 1, 1)).days


class World:
    """A seeded economy of about `size` review projects, looked at on any night from `begin` on.

    In a night `change_share` of them change (a step in the review, a detail) or are new, but at least three.
    """

    def __init__(
        self, size: int = 3600, seed: int = 1, change_share: float = 0.004, begin: dt.date = dt.date(2026, 7, 1)
    ) -> None:
        if not 20 <= size <= CAPACITY // 2:
            raise ValueError(f"size must be from 20 to {CAPACITY // 2:,}, not {size}")
        if not 0 <= change_share <= 0.5:
            raise ValueError(f"change share must be from 0 to 0.5, not {change_share}")
        self.size, self.seed, self.change_share, self.begin = size, seed, change_share, begin
        self.companies = Companies(seed)
        self._nights: dict[dt.date, Projects] = {}
        self._lock = threading.Lock()

    def projects(self, night: dt.date) -> Projects:
        """All projects on a night, a read-only table of PROJECT in order of first sight; ValueError before `begin`."""
        if night < self.begin:
            raise ValueError(f"the simulated world begins on {self.begin}, there is no night {night}")
        with self._lock:
            known = max((day for day in self._nights if day <= night), default=None)
            if known is None:
                known = self.begin
                self._keep(known, self._found())
            while known < night:
                following = known + dt.timedelta(days=1)
                self._keep(following, self._next(self._nights[known], following))
                known = following
            return self._nights[night]

    def _keep(self, night: dt.date, projects: Projects) -> None:
        projects.flags.writeable = False
        self._nights[night] = projects
        while len(self._nights) > _KEPT_NIGHTS:
            del self._nights[next(iter(self._nights))]

    def _found(self) -> Projects:
        """The population of the first night: mostly projects decided in earlier years."""
        rng = np.random.default_rng([self.seed, 0])
        projects = np.zeros(self.size, PROJECT)
        sse, szse = (round(self.size * share) for share in _EXCHANGE_SHARES[:2])
        exchange = np.repeat(np.arange(3), [sse, szse, self.size - sse - szse])
        for code, name in enumerate(EXCHANGES):
            here = exchange == code
            projects["status"][here] = rng.choice(len(MOVING), here.sum(), p=statuses.shares(name))

        today = day_number(self.begin)
        opened = np.array([day_number(day) for day in _FIRST_ACCEPTED])[exchange]
        accepted, updated = _founding_dates(rng, MOVING[projects["status"]], today, opened)
        projects["accepted"] = accepted * DAY + _office_hours(rng, self.size)
        projects["updated"] = updated * DAY + _office_hours(rng, self.size)

        projects["exchange"] = exchange
        projects["company"] = self._founding_companies(rng, sse)
        self._describe(rng, projects)
        projects = projects[np.lexsort((projects["accepted"], projects["exchange"]))]
        firsts = np.array([0, sse, sse + szse])
        projects["number"] = np.arange(self.size) - firsts[projects["exchange"]] + _FIRST_NUMBERS[projects["exchange"]]
        return projects

    def _founding_companies(self, rng: np.random.Generator, sse: int) -> NDArray[np.int64]:
        """Mostly one company a project; some have a second one, on the same or another exchange."""
        company = np.arange(self.size)
        again = rng.random(self.size) < _SECOND_PROJECT_SHARE
        company[again] = rng.integers(0, self.size, again.sum())
        company[sse] = company[0]  # even the smallest world has a company on two exchanges,
        company[-1] = company[-2]  # and a BSE stock code that occurs twice
        return company

    def _describe(self, rng: np.random.Generator, projects: Projects) -> None:
        """Draw what does not depend on the review: board, title, amount, advisers."""
        count = len(projects)
        projects["board"] = rng.random(count) < _MAIN_BOARD_SHARES[projects["exchange"]]
        projects["title"] = rng.choice(len(TITLE_SHARES), count, p=TITLE_SHARES)
        projects["raise_wan"] = rng.lognormal(np.log(80_000), 0.7, count).clip(5_000, 3_000_000)
        projects["sponsor"] = rng.integers(0, len(SPONSORS), count)
        projects["law_firm"] = rng.integers(0, len(LAW_FIRMS), count)
        projects["accountant"] = rng.integers(0, len(ACCOUNTANTS), count)

    def _next(self, before: Projects, night: dt.date) -> Projects:
        """The table one night later: exactly the night's share of projects differs or is new."""
        rng = np.random.default_rng([self.seed, night.toordinal()])
        if not self.change_share:
            return before.copy()
        changes = max(3, round(len(before) * self.change_share))
        new = int(changes * _NEW_SHARE + rng.random())
        under_review = np.flatnonzero(MOVING[before["status"]])
        steps = min(round(changes * (1 - _DETAIL_SHARE)) - new, int(len(under_review) * _STEP_LIMIT) + 1)
        stepping = rng.choice(under_review, min(steps, len(under_review)), replace=False)
        details = changes - new - len(stepping)
        touched = rng.choice(len(before), details + len(stepping), replace=False)
        touched = touched[~np.isin(touched, stepping)][:details]

        after = np.concatenate([before, self._accept(rng, before, new, night)])
        self._step(rng, after, stepping, night)
        self._edit(rng, after, touched, night)
        return after

    def _step(self, rng: np.random.Generator, projects: Projects, rows: NDArray[np.intp], night: dt.date) -> None:
        """Move projects one step on in their review; BSE mostly forgets to move the date."""
        projects["status"][rows] = statuses.step(projects["status"][rows], rng.random(len(rows)))
        dated = (projects["exchange"][rows] != BSE) | (rng.random(len(rows)) >= _SAME_DATE_SHARE)
        self._touch(rng, projects, rows[dated], night)

    def _edit(self, rng: np.random.Generator, projects: Projects, rows: NDArray[np.intp], night: dt.date) -> None:
        """Change the planned raise of half the SSE projects, the sponsor of all others."""
        amount = (projects["exchange"][rows] == SSE) & (rng.random(len(rows)) < 0.5)
        projects["raise_wan"][rows[amount]] += rng.integers(1, 5_000, amount.sum())
        shift = rng.integers(1, len(SPONSORS), (~amount).sum())
        projects["sponsor"][rows[~amount]] = (projects["sponsor"][rows[~amount]] + shift) % len(SPONSORS)
        self._touch(rng, projects, rows[projects["exchange"][rows] != BSE], night)

    def _touch(self, rng: np.random.Generator, projects: Projects, rows: NDArray[np.intp], night: dt.date) -> None:
        projects["updated"][rows] = day_number(night) * DAY + _office_hours(rng, len(rows))

    def _accept(self, rng: np.random.Generator, before: Projects, count: int, night: dt.date) -> Projects:
        """New projects of the night; some belong to a company that has one already."""
        new = np.zeros(count, PROJECT)
        new["exchange"] = rng.choice(3, count, p=_EXCHANGE_SHARES)
        new["status"] = np.array([statuses.find(name, "accepted") for name in EXCHANGES])[new["exchange"]]
        new["company"] = np.where(
            rng.random(count) < _SECOND_PROJECT_SHARE,
            before["company"][rng.integers(0, len(before), count)],
            len(before) + np.arange(count),
        )
        self._describe(rng, new)
        new["accepted"] = new["updated"] = day_number(night) * DAY + _office_hours(rng, count)
        have = np.bincount(before["exchange"], minlength=3)
        for code in range(3):
            here = new["exchange"] == code
            new["number"][here] = _FIRST_NUMBERS[code] + have[code] + np.arange(here.sum())
        return new


def _founding_dates(
    rng: np.random.Generator, moving: NDArray[np.bool_], today: int, opened: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Days of acceptance and last update: projects under review are recent, finished ones took up to 600 days."""
    count = len(moving)
    age = np.where(moving, rng.integers(10, 400, count), rng.integers(300, 2_600, count))
    accepted = np.maximum(today - age, opened + rng.integers(0, 200, count))
    elapsed = np.minimum(today - 1 - accepted, 600) * rng.uniform(0.3, 1, count)
    return accepted, accepted + elapsed.astype(np.int64)


def _office_hours(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    """Seconds of the day between 9 and 18 o'clock."""
    return rng.integers(9 * 3600, 18 * 3600, count)
