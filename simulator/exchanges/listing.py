"""One exchange's public list on one night: rows in the order the site shows them, serialised when first asked for."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from functools import cached_property, lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from simulator import statuses
from simulator.statuses import EXCHANGES, MOVING, STATUSES
from simulator.world import Projects, World

Render = Callable[[Projects], list[bytes]]

_ROW_FAULTS = frozenset({"empty", "shrink", "halve", "unknown-status", "reopened"})
_BLOCK_ROWS = 1000
_BLOCKS_KEPT = 64


class Listing:
    """Projects newest update first, and their rows as JSON bytes. Memory stays bounded however long the list is."""

    def __init__(self, projects: Projects, render: Render) -> None:
        self.projects = projects
        self._render = render
        self._block = lru_cache(_BLOCKS_KEPT)(partial(_block, projects, render))

    def __len__(self) -> int:
        return len(self.projects)

    def rows(self, start: int, stop: int, chosen: NDArray[np.intp] | None = None) -> list[bytes]:
        """Rows start..stop of the whole list, or of the `chosen` positions of it."""
        if chosen is not None:
            return self._render(self.projects[chosen[start:stop]])
        rows: list[bytes] = []
        stop = min(stop, len(self))
        while start < stop:
            block, offset = divmod(start, _BLOCK_ROWS)
            part = self._block(block)[offset : offset + stop - start]
            rows += part
            start += len(part)
        return rows

    @cached_property
    def counts(self) -> dict[tuple[str, str], int]:
        """How many projects stand in each (code, sub-code), sorted."""
        numbers = np.bincount(self.projects["status"], minlength=len(STATUSES)).tolist()
        return dict(sorted(((STATUSES[row].code, STATUSES[row].sub), n) for row, n in enumerate(numbers) if n))

    @property
    def counts_by_code(self) -> Counter[str]:
        """How many projects stand in each status code, whatever the sub-code."""
        totals: Counter[str] = Counter()
        for (code, _), number in self.counts.items():
            totals[code] += number
        return totals

    def standing(self, test: Callable[[statuses.Status], bool]) -> NDArray[np.bool_]:
        """Which projects have a status that passes a test."""
        return np.asarray(np.array([test(status) for status in STATUSES])[self.projects["status"]])

    def distorted(self, exchange: int, faults: frozenset[str], inserted: int) -> "Listing":
        """The list under the faults that change which projects it holds and where they stand."""
        projects = self.projects.copy()
        if "empty" in faults:
            return Listing(projects[:0], self._render)
        if "shrink" in faults:
            projects = projects[: len(projects) * 7 // 10]
        if "halve" in faults:
            projects = projects[: len(projects) // 2]
        if "unknown-status" in faults:
            projects["status"][:1] = statuses.find(EXCHANGES[exchange], "unknown")
        if "reopened" in faults:
            oldest = np.flatnonzero(~MOVING[projects["status"]])[-1:]
            projects["status"][oldest] = statuses.find(EXCHANGES[exchange], "accepted")
        if inserted:
            projects = np.concatenate([_invented(projects[:1], inserted, exchange), projects])
        return Listing(projects, self._render)


def _block(projects: Projects, render: Render, block: int) -> list[bytes]:
    return render(projects[block * _BLOCK_ROWS : (block + 1) * _BLOCK_ROWS])


def _invented(top: Projects, count: int, exchange: int) -> Projects:
    """New records above the top one, newest first; companies with a negative number are named as invented."""
    new = np.repeat(top, count)
    steps = np.arange(count, 0, -1)
    new["number"] = 9_000_000 + steps
    new["company"] = -steps
    new["status"] = statuses.find(EXCHANGES[exchange], "accepted")
    new["title"] = 0
    new["updated"] += steps
    return new


class Listings:
    """An exchange's list night by night, and its distorted forms; remembers the last ones asked for."""

    def __init__(self, world: World, exchange: int, render: Render) -> None:
        self._world, self._exchange, self._render = world, exchange, render
        self._true = lru_cache(1)(self._of_night)
        self._distorted = lru_cache(2)(self._under_faults)

    def get(self, night: dt.date, faults: frozenset[str], inserted: int) -> Listing:
        """The list on a night; `faults` other than those of rows are of no concern here."""
        faults &= _ROW_FAULTS
        return self._distorted(night, faults, inserted) if faults or inserted else self._true(night)

    def _of_night(self, night: dt.date) -> Listing:
        projects = self._world.projects(night)
        projects = projects[projects["exchange"] == self._exchange]
        return Listing(projects[np.lexsort((-projects["number"], -projects["updated"]))], self._render)

    def _under_faults(self, night: dt.date, faults: frozenset[str], inserted: int) -> Listing:
        return self._true(night).distorted(self._exchange, faults, inserted)
