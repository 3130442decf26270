"""Which file arrives on which night: histories on the first, single deliveries after it, and what goes wrong with some.

Besides the regular deliveries, counted from the opening night: on the next night a contract file whose manifest lies
and a branch list with other content than its name says, both corrected the night after; on that night also a quarter
that is late and a file that has come before; on the third a correction of an old month, a restated quarter and a
withdrawal.
"""

import datetime as dt
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple
from zlib import crc32

import numpy as np

from simulator.companies import scatter
from simulator.lending.banks import FIRST_BRANCH_QUARTER
from simulator.lending.banks import LISTS as BANK_LISTS
from simulator.lending.calendar import (
    OPENING,
    month_end,
    month_name,
    month_number,
    quarter_end_month,
    quarter_name,
)
from simulator.lending.contracts import IN_FORCE
from simulator.lending.economy import Lending
from simulator.lending.guarantors import LISTS as GUARANTOR_LISTS
from simulator.regions import UNITS

FIRST_MONTH = 2026 * 12 + 2
"""2026-03: the first month for which guarantors report contracts and payments."""
FIRST_QUARTER = 2025 * 4 + 1
"""2025Q2: the first quarter for which guarantors report their figures."""
_FIRST_COOPERATION = 2026 * 4
_JUNE = dt.date(2026, 6, 30)
_DUE, _SPREAD = 14, 6  # days after the end of the period; nights over which the senders spread


class Event(StrEnum):
    """Why a file arrives."""

    REGULAR = "regular"
    LATE = "late_delivery"
    LYING = "lying_manifest"
    WRONG = "wrong_content"
    CORRECTION = "corrected_delivery"
    REPEAT = "duplicated_file"
    WITHDRAWAL = "withdrawn_delivery"


class Part(NamedTuple):
    """What a file replaces: a resource of a source, its sender and a period.

    `number`: of the bank, guarantor or reporting unit that sends; `at`: the month, quarter or row of the list dates.
    """

    source: str
    resource: str
    sender: str
    period: str
    number: int
    at: int

    @property
    def draw(self) -> int:
        """A number that is this part's own, to scatter from."""
        return crc32("|".join(self[:4]).encode())


class Delivery(NamedTuple):
    """A file that arrives on a night; `restated`: it says something else than the first file of its part."""

    part: Part
    night: dt.date
    event: Event
    restated: bool = False

    @property
    def status(self) -> str:
        """What becomes of it: loaded, rejected, repeated or withdrawn."""
        return {
            Event.LYING: "rejected",
            Event.WRONG: "rejected",
            Event.REPEAT: "repeated",
            Event.WITHDRAWAL: "withdrawn",
        }.get(self.event, "loaded")


class Schedule:
    """All deliveries of a world. `opening` is the first night: what is due by then arrives on it, in one heap."""

    def __init__(self, lending: Lending, opening: dt.date = OPENING) -> None:
        self.lending, self.opening = lending, opening

    def on(self, night: dt.date) -> list[Delivery]:
        """The files that arrive on a night, in the order in which they should be read."""
        if night < self.opening:
            return []
        moved = {delivery.part for delivery in self._special if delivery.event is not Event.REGULAR}
        moved -= {d.part for d in self._special if d.event in _AFTER_A_REGULAR_ONE or d.restated}
        regular = [
            Delivery(part, night, Event.REGULAR)
            for part, due in self._due(night)
            if part not in moved and (due == night or (night == self.opening and due < night))
        ]
        return regular + [delivery for delivery in self._special if delivery.night == night]

    def until(self, night: dt.date) -> list[Delivery]:
        """Everything that has arrived by a night, in order."""
        return [delivery for day in self.nights(night) for delivery in self.on(day)]

    def nights(self, night: dt.date) -> list[dt.date]:
        """The nights from the opening to one."""
        return [self.opening + dt.timedelta(days=day) for day in range((night - self.opening).days + 1)]

    def _due(self, night: dt.date) -> list[tuple[Part, dt.date]]:
        """Every regular part whose period has ended by a night, and when it is due."""
        month = month_number(night)
        quarter = month // 3 - 1
        parts = [
            (Part("nfra_institutions", "institution", "nfra", str(day), 0, row), self._list_due(day, 3))
            for row, day in enumerate(BANK_LISTS)
        ]
        for unit in UNITS:
            for row, day in enumerate(GUARANTOR_LISTS):
                part = Part("guarantee_lists", "institution", unit, str(day), UNITS.index(unit), row)
                parts.append((part, self._spread(day, part.draw)))
        for bank in self.lending.banks.partners:
            for at in range(FIRST_BRANCH_QUARTER, quarter + 1):
                part = Part("bank_branches", "branch", bank.code, quarter_name(at), bank.number, at)
                parts.append((part, self._spread(month_end(quarter_end_month(at)), part.draw)))
        for guarantor in self.lending.guarantors.reporting:
            parts += self._reports(guarantor.uscc, guarantor.number, month, quarter)
        return parts

    def _reports(self, sender: str, number: int, month: int, quarter: int) -> list[tuple[Part, dt.date]]:
        """A guarantor's files; those of one period arrive together."""
        parts = []
        draw = crc32(sender.encode())
        for at in range(FIRST_MONTH, month):
            due = self._spread(month_end(at), draw)
            for resource in ("contract", "compensation"):
                parts.append((Part("guarantor_reports", resource, sender, month_name(at), number, at), due))
        for resource, first in (("quarter", FIRST_QUARTER), ("bank_cooperation", _FIRST_COOPERATION)):
            for at in range(first, quarter + 1):
                due = self._spread(month_end(quarter_end_month(at)), draw)
                parts.append((Part("guarantor_reports", resource, sender, quarter_name(at), number, at), due))
        return parts

    def _spread(self, day: dt.date, draw: int) -> dt.date:
        return day + dt.timedelta(days=_DUE + int(scatter(np.array([draw]), 801, _SPREAD)[0]))

    def _list_due(self, day: dt.date, after: int) -> dt.date:
        """A list of an earlier half-year is history; the newest one comes some nights after the opening."""
        return self.opening + dt.timedelta(days=after) if day == BANK_LISTS[-1] else day

    @cached_property
    def _special(self) -> list[Delivery]:
        """What goes wrong, and what follows from it."""
        nights = [self.opening + dt.timedelta(days=day) for day in range(4)]
        reporting = self.lending.guarantors.reporting
        # One whose other files of the period come later than the correction.
        liar = next((g for g in reporting if self._spread(_JUNE, crc32(g.uscc.encode())) > nights[2]), reporting[0])
        wrong = self.lending.banks.partners[5]
        april = FIRST_MONTH + 1
        # One with contracts that ended in the month: no later file speaks of them.
        others = [g for g in reporting if g is not liar]
        old = next((g for g in others if (self.lending.book.at(april, g.number).status != IN_FORCE).any()), others[0])
        late, restated, again, gone = [g for g in others if g is not old][:4]
        june = FIRST_MONTH + 3

        def report(resource: str, sender: str, number: int, at: int) -> Part:
            name = month_name(at) if resource == "contract" else quarter_name(at)
            return Part("guarantor_reports", resource, sender, name, number, at)

        lied = report("contract", liar.uscc, liar.number, june)
        branches = Part("bank_branches", "branch", wrong.code, "2026Q2", wrong.number, 2026 * 4 + 1)
        return [
            Delivery(lied, nights[1], Event.LYING),
            Delivery(branches, nights[1], Event.WRONG),
            Delivery(lied, nights[2], Event.CORRECTION),
            Delivery(branches, nights[2], Event.CORRECTION),
            Delivery(report("quarter", late.uscc, late.number, 2025 * 4 + 3), nights[2], Event.LATE),
            Delivery(report("bank_cooperation", again.uscc, again.number, 2026 * 4), nights[2], Event.REPEAT),
            Delivery(report("contract", old.uscc, old.number, april), nights[3], Event.CORRECTION, restated=True),
            Delivery(report("quarter", restated.uscc, restated.number, 2026 * 4), nights[3], Event.CORRECTION, True),
            Delivery(report("bank_cooperation", gone.uscc, gone.number, 2026 * 4), nights[3], Event.WITHDRAWAL),
        ]


_AFTER_A_REGULAR_ONE = {Event.REPEAT, Event.WITHDRAWAL}
"""Events of a part that has had its regular delivery before."""
