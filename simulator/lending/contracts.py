"""Guarantee contracts as one table for all guarantors, and how each stands at the end of a month.

A contract is a pure function of (seed, its number): client, guarantor, bank, amount, term, and how it will end. It is
in force from its start until it is released or the guarantor pays in the client's place; some payments are written off.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.companies import scatter
from simulator.lending.calendar import days, month_end
from simulator.lending.guarantors import Guarantors
from simulator.world import World

KINDS = ("借款", "债券", "其他融资", "非融资")
STATUSES = ("在保", "解除", "代偿", "核销")
IN_FORCE, RELEASED, PAID, WRITTEN_OFF = range(4)
COUNTER_GUARANTEES = ("信用", "抵押", "质押", "保证", "信用")
MICRO_WEIGHT = 75

CONTRACT = np.dtype(
    [
        ("number", np.int32),
        ("guarantor", np.int32),
        ("client", np.int32),
        ("group", np.int8),  # the guarantor's own number of related clients, -1 for none
        ("bank", np.int8),  # index into Banks.partners
        ("kind", np.int8),
        ("principal", np.int64),  # 元
        ("start", np.int32),  # days since 1970-01-01
        ("end", np.int32),  # as agreed
        ("months", np.int8),
        ("closed", np.int32),  # the day it was released or paid
        ("paid", np.bool_),  # ended with a payment
        ("written_off", np.int32),  # the day of the write-off, 0 for none
        ("instalments", np.bool_),  # the balance falls every month
        ("weight", np.int8),  # percent
        ("counter", np.int8),
        ("recovered", np.int8, 2),  # percent of the payment got back three and nine months later
    ]
)
Contracts = NDArray[np.void]
Amounts = NDArray[np.int64]

_FIRST_START, _START_DAYS = days(month_end(2023 * 12 + 5)) + 1, 1461
_TERMS = np.array([6, 12, 12, 12, 18, 24, 36])
_PRINCIPALS = np.array([80, 80, 100, 100, 120, 120, 150, 150, 160, 200, 200, 240])  # 万元
_BIG = 9_000_000
_PAID_PER_MILLE, _WRITTEN_OFF_SHARE = 35, 30
_RECOVERY_MONTHS = (3, 9)


class State(NamedTuple):
    """How contracts stand at the end of a month: those to be reported, their status and balance in 元."""

    rows: NDArray[np.intp]
    status: NDArray[np.int8]
    balance: Amounts


class Book:
    """All contracts of a world, sorted by guarantor and number."""

    def __init__(self, world: World, guarantors: Guarantors) -> None:
        self.guarantors, self.seed = guarantors, world.seed
        self.all = self._drawn(world)
        self.bounds = np.searchsorted(self.all["guarantor"], np.arange(len(guarantors.all) + 1))

    def _scatter(self, numbers: NDArray[np.int64], salt: int, modulus: int) -> NDArray[np.int64]:
        return scatter(numbers, self.seed * 7919 + 400 + salt, modulus)

    def _drawn(self, world: World) -> Contracts:
        count = 8 * min(world.size, 10_000) + max(world.size - 10_000, 0)
        numbers = np.arange(count)
        book = np.zeros(count, CONTRACT)
        book["number"] = numbers
        book["client"] = self._scatter(numbers, 1, world.size)
        book["guarantor"] = self.guarantors.chosen(world.companies, book["client"], self._scatter(numbers, 2, 2**30))
        guarantor = book["guarantor"].astype(np.int64)
        book["bank"] = self.guarantors.banks_of(guarantor, self._scatter(numbers, 3, 2**30))
        self._amounts(book, numbers, guarantor)
        self._course(book, numbers)
        self._related(book, guarantor)
        return book[np.lexsort((book["number"], book["guarantor"]))]

    def _amounts(self, book: Contracts, numbers: NDArray[np.int64], guarantor: NDArray[np.int64]) -> None:
        """Kind, principal and risk weight; guarantors for small business have hardly anything else."""
        small = self.guarantors.serves_small[guarantor]
        kind = self._scatter(numbers, 4, 100)
        book["kind"] = np.select(
            [kind < np.where(small, 96, 85), kind < np.where(small, 97, 88), kind < 94], [0, 1, 2], 3
        )
        wan = _PRINCIPALS[self._scatter(numbers, 5, len(_PRINCIPALS))] * (80 + self._scatter(numbers, 6, 41)) // 100
        book["principal"] = wan * 10_000
        # Some guarantors have a client that is too large for them.
        big = self.guarantors.has_large_client[guarantor] & (self._scatter(numbers, 7, 60) == 0)
        book["principal"][big] = _BIG
        micro = (self._scatter(book["client"].astype(np.int64), 8, 100) < np.where(small, 98, 70)) & ~big
        bond_aa = (book["kind"] == 1) & (self._scatter(numbers, 9, 2) == 0)
        book["weight"] = np.select([(book["kind"] == 0) & micro, bond_aa], [MICRO_WEIGHT, 80], 100)
        book["counter"] = self._scatter(numbers, 10, len(COUNTER_GUARANTEES))

    def _course(self, book: Contracts, numbers: NDArray[np.int64]) -> None:
        """From start to end: early releases, payments some weeks after the term, write-offs nine months later."""
        book["start"] = _FIRST_START + self._scatter(numbers, 11, _START_DAYS)
        book["months"] = _TERMS[self._scatter(numbers, 12, len(_TERMS))]
        book["end"] = book["start"] + book["months"].astype(np.int64) * 365 // 12
        book["paid"] = self._scatter(numbers, 13, 1000) < _PAID_PER_MILLE
        early = np.where(self._scatter(numbers, 14, 10) < 3, self._scatter(numbers, 15, 60), 0)
        late = 20 + self._scatter(numbers, 16, 60)
        book["closed"] = np.where(book["paid"], book["end"] + late, book["end"] - early)
        off = book["paid"] & (self._scatter(numbers, 17, 100) < _WRITTEN_OFF_SHARE)
        book["written_off"] = np.where(off, book["closed"] + 270, 0)
        book["instalments"] = self._scatter(numbers, 18, 4) == 0
        book["recovered"][:, 0] = self._scatter(numbers, 19, 40)
        book["recovered"][:, 1] = book["recovered"][:, 0] + self._scatter(numbers, 20, 30)

    def _related(self, book: Contracts, guarantor: NDArray[np.int64]) -> None:
        """Eight of a hundred clients belong to a group; some guarantors have few groups, which are then large."""
        client = book["client"].astype(np.int64)
        groups = np.where(self.guarantors.has_large_group[guarantor], 2, 12)
        grouped = self._scatter(client, 21, 100) < 8
        book["group"] = np.where(grouped, self._scatter(client, 22, 2**30) % groups, -1)

    def of(self, guarantor: int) -> slice:
        """Where the contracts of a guarantor stand."""
        return slice(int(self.bounds[guarantor]), int(self.bounds[guarantor + 1]))

    def balance(self, contracts: Contracts, day: int) -> Amounts:
        """What is outstanding at the end of a day, in 元, whole hundreds; 0 before the start and after the close."""
        due = remaining(contracts, np.full(len(contracts), day))
        return np.where((contracts["start"] <= day) & (day < contracts["closed"]), due, 0)

    def at(self, month: int, guarantor: int) -> State:
        """What a guarantor's file of a month must hold: contracts in force, and those ended or written off in it."""
        rows = np.arange(len(self.all))[self.of(guarantor)]
        contracts = self.all[rows]
        first, last = days(month_end(month - 1)) + 1, days(month_end(month))
        started, closed, off = contracts["start"] <= last, contracts["closed"], contracts["written_off"]
        written_off = (first <= off) & (off <= last)
        listed = started & ((closed >= first) | written_off)
        status = np.select(
            [written_off, closed > last, contracts["paid"]], [WRITTEN_OFF, IN_FORCE, PAID], RELEASED
        ).astype(np.int8)
        return State(rows[listed], status[listed], self.balance(contracts, last)[listed])


def remaining(contracts: Contracts, day: NDArray[np.int64]) -> Amounts:
    """What has not been repaid on a day: all of it, or what the instalments have left; at least one instalment."""
    months = contracts["months"].astype(np.int64)
    elapsed = np.clip((day - contracts["start"]) * 12 // 365, 0, months - 1)
    left = contracts["principal"] * (months - elapsed) // months // 100 * 100
    return np.asarray(np.where(contracts["instalments"], left, contracts["principal"]))


def payments(contracts: Contracts) -> Amounts:
    """What the guarantor pays in the client's place, in 元."""
    return remaining(contracts, contracts["closed"].astype(np.int64))


def contract_numbers(contracts: Contracts) -> list[str]:
    """`DB-2026-0000123`, by the year of the start."""
    years = contracts["start"].astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    return [f"DB-{year}-{number:07}" for year, number in zip(years.tolist(), contracts["number"].tolist(), strict=True)]


def event_numbers(contracts: Contracts) -> list[str]:
    """`DC-2026-0000123`, by the year of the payment."""
    years = contracts["closed"].astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    return [f"DC-{year}-{number:07}" for year, number in zip(years.tolist(), contracts["number"].tolist(), strict=True)]


def month_of(day: NDArray[np.int32]) -> NDArray[np.int64]:
    """Months since year 0 of days since 1970-01-01."""
    return np.asarray(day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12)


def recovered_by(contracts: Contracts, month: int) -> Amounts:
    """What the guarantor has got back of its payments by the end of a month, in 元."""
    paid, age = payments(contracts), month - month_of(contracts["closed"])
    share = np.select(
        [age >= _RECOVERY_MONTHS[1], age >= _RECOVERY_MONTHS[0]],
        [contracts["recovered"][:, 1], contracts["recovered"][:, 0]],
        0,
    )
    return np.asarray(paid * share.astype(np.int64) // 10_000 * 100)


def spoken_of(contracts: Contracts, month: int) -> NDArray[np.bool_]:
    """Which payments a month's file tells: those made in it, and those of which something came back in it."""
    age = month - month_of(contracts["closed"])
    return contracts["paid"] & np.isin(age, (0, *_RECOVERY_MONTHS))
