"""The companies of the simulated economy: what a company is called and where it sits follow from its number alone."""

import math

import numpy as np
from numpy.typing import NDArray

from simulator.vocabulary import BRAND_FIRST, BRAND_LAST, PEOPLE, PLACES, TRADES

Numbers = NDArray[np.integer]

_SHAPE = (len(PLACES), len(TRADES), len(BRAND_FIRST), len(BRAND_LAST))
CAPACITY = math.prod(_SHAPE)
"""How many companies have a name of their own: place, two brand characters and trade are together unique."""

# Company form by share: the short form 股份公司 carries 27 of 3,614 real names, brackets 219.
_FORMS = ("股份有限公司", "集团股份有限公司", "控股股份有限公司", "股份公司", "有限公司")
_FORM_LIMITS = np.array([925, 965, 985, 996])
_BRACKETED_PLACE, _BRACKETED_GROUP = 60, 66  # of 1,000


def scatter(numbers: Numbers, salt: int, modulus: int) -> NDArray[np.int64]:
    """A fixed pseudo-random integer in [0, modulus) for every number (splitmix64), the same on every machine."""
    with np.errstate(over="ignore"):
        mixed = numbers.astype(np.uint64) + np.uint64(salt * 0x9E3779B97F4A7C15 % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray((mixed ^ (mixed >> np.uint64(31))) % np.uint64(modulus), dtype=np.int64)


def people(numbers: Numbers, salt: int) -> list[str]:
    """The invented natural person who holds the office `salt` in each of the numbered things."""
    return [PEOPLE[i] for i in scatter(numbers, salt, len(PEOPLE)).tolist()]


class Companies:
    """All companies under one seed. Companies are numbered from 0; no table of them is kept."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._offset = int(scatter(np.array([seed]), 1, CAPACITY)[0])
        self._stride = int(scatter(np.array([seed]), 2, CAPACITY // 2)[0]) + CAPACITY // 3
        while math.gcd(self._stride, CAPACITY) != 1:
            self._stride += 1

    def _parts(self, numbers: Numbers) -> tuple[NDArray[np.intp], ...]:
        """Place, trade, first and last brand character. A walk with a stride coprime to CAPACITY meets none twice."""
        return np.unravel_index((numbers.astype(np.int64) * self._stride + self._offset) % CAPACITY, _SHAPE)

    def names(self, numbers: Numbers) -> list[str]:
        """Full registered names, with full-width brackets where the company has any. No two companies share one.

        A negative number is a company that only a fault has invented; its name says so.
        """
        places, trades, firsts, lasts = (part.tolist() for part in self._parts(numbers))
        layouts = scatter(numbers, 3, 1000).tolist()
        forms = np.searchsorted(_FORM_LIMITS, scatter(numbers, 4, 1000), side="right").tolist()
        return [
            _name(PLACES[place].name, BRAND_FIRST[first] + BRAND_LAST[last] + TRADES[trade].name, layout, _FORMS[form])
            if number >= 0
            else f"新增受理测试{-number}股份有限公司"
            for number, place, trade, first, last, layout, form in zip(
                numbers.tolist(), places, trades, firsts, lasts, layouts, forms, strict=True
            )
        ]

    def short_names(self, numbers: Numbers) -> list[str]:
        """Short names of four characters, as on a trading screen; not unique."""
        _, trades, firsts, lasts = (part.tolist() for part in self._parts(numbers))
        return [
            BRAND_FIRST[first] + BRAND_LAST[last] + TRADES[trade].name[:2]
            for trade, first, last in zip(trades, firsts, lasts, strict=True)
        ]

    def trades(self, numbers: Numbers) -> list[int]:
        """Index into TRADES."""
        return [int(i) for i in self._parts(numbers)[1]]

    def places(self, numbers: Numbers) -> list[int]:
        """Index into PLACES."""
        return [int(i) for i in self._parts(numbers)[0]]

    def stock_codes(self, numbers: Numbers) -> list[str]:
        """Six-digit NEEQ codes, one a company as long as there are at most 500,000 companies."""
        offset = self._offset % 500_000
        return [str(code) for code in (400_000 + (numbers.astype(np.int64) + offset) * 314_159 % 500_000).tolist()]


def _name(place: str, core: str, layout: int, form: str) -> str:
    if layout < _BRACKETED_PLACE:
        return f"{core}（{place}）{form}"
    if layout < _BRACKETED_GROUP:
        return f"{place}{core}（集团）{form}"
    return f"{place}{core}{form}"
