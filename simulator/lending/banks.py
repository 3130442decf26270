"""The banks of the simulated economy: licensed institutions as NFRA lists them, and the branches of participating ones.

Institution codes follow NFRA's: class letter, four digits of the institution, level of the office (H head office, L
branch, S sub-branch), 1 national, 2 provincial or 3 municipal, four digits of the region, four of a serial.
"""

import datetime as dt
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from simulator.companies import scatter
from simulator.regions import CITIES, City
from simulator.vocabulary import BRAND_FIRST, BRAND_LAST


class Kind(NamedTuple):
    """An institution type in NFRA's words and in ours, how many there are, how far they reach, how many take part."""

    raw: str
    fi_type: str
    number: int
    level: int
    partners: int


KINDS = (
    Kind("国有大型商业银行", "国有大型", 6, 1, 4),
    Kind("股份制商业银行", "股份制", 12, 1, 6),
    Kind("城市商业银行", "城商行", 14, 2, 8),
    Kind("民营银行", "民营", 19, 2, 3),
    Kind("农村商业银行", "农商行", 8, 3, 3),
    Kind("外资法人银行", "外资法人", 3, 2, 0),
    Kind("村镇银行", "村镇", 4, 3, 0),
    Kind("住房储蓄银行", "住房储蓄", 1, 2, 0),
)
"""6, 12 and 19 are the real numbers of the first, second and fourth type at the end of 2025."""

_REAL_SEATS = tuple(city for city in CITIES if city.code not in {"4419"})
_FIRST_SERIAL = 7001  # above NFRA's own serials, so that no invented code is a real institution's

LISTS = (dt.date(2025, 6, 30), dt.date(2025, 12, 31), dt.date(2026, 6, 30))
"""The dates of NFRA's lists; each replaces the one before."""


class Bank(NamedTuple):
    """A licensed institution. `first_list` and `last_list` are rows of LISTS; `last_list` None: still licensed."""

    number: int
    code: str
    name: str
    name_en: str
    kind: Kind
    city: City
    supervisor: str
    partner: bool
    first_list: int
    last_list: int | None
    renamed: str | None

    def name_at(self, listed: int) -> str:
        """The name in one of LISTS; a renamed bank has its new name in the last one."""
        return self.renamed if self.renamed and listed == len(LISTS) - 1 else self.name


class Branch(NamedTuple):
    """An office of a participating bank; `opened` and `closed` are quarters counted from year 0."""

    code: str
    parent_code: str | None
    bank: int
    name: str
    cnaps12: str
    region6: str
    city: City
    is_tech: bool
    opened: int
    closed: int | None

    def status_at(self, quarter: int) -> str:
        """在业 or 注销; a closed office stays in its bank's lists."""
        return "注销" if self.closed is not None and self.closed <= quarter else "在业"


class Banks:
    """All banks under one seed, in order of their number."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.all = tuple(self._banks())
        self.partners = tuple(bank for bank in self.all if bank.partner)
        self.branches = lru_cache(1000)(self._branches)
        self.by_code = {bank.code: bank for bank in self.all}

    def _banks(self) -> list[Bank]:
        banks: list[Bank] = []
        taken: set[str] = set()
        for kind in KINDS:
            for rank in range(kind.number):
                banks.append(self._bank(len(banks), kind, rank, taken))
        return banks

    def _bank(self, number: int, kind: Kind, rank: int, taken: set[str]) -> Bank:
        first, last, where = draw(self.seed, number, 101, len(BRAND_FIRST), len(BRAND_LAST), len(_REAL_SEATS))
        city = CITIES[0] if kind.level == 1 else _REAL_SEATS[where]
        while (brand := BRAND_FIRST[first] + BRAND_LAST[last]) in taken:
            last = (last + 1) % len(BRAND_LAST)
        taken.add(brand)
        short = city.name.removesuffix("市")
        seat = "" if kind.level == 1 or kind.raw == "民营银行" else short
        middle = {"农村商业银行": "农村商业银行", "村镇银行": "村镇银行", "外资法人银行": "银行"}.get(kind.raw, "银行")
        name = f"{seat}{brand}{middle}股份有限公司"
        if kind.raw == "外资法人银行":
            name = f"{brand}银行（中国）有限公司"
        region = city.code[:2] + "00" if city.code in {"1101", "1201", "3101", "5001"} else city.code
        last_kind = rank == kind.number - 1
        return Bank(
            number=number,
            code=f"B{_FIRST_SERIAL + number}H{kind.level}{region}0001",
            name=name,
            name_en="" if number % 4 == 3 else f"Bank No. {number + 1} of the Simulated Economy Co., Ltd.",
            kind=kind,
            city=city,
            supervisor="国家金融监督管理总局" if kind.level == 1 else f"{short}金融监管局",
            partner=rank < kind.partners,
            first_list=2 if kind.raw == "农村商业银行" and last_kind else 0,
            last_list=1 if kind.raw == "村镇银行" and last_kind else None,
            renamed=f"{short}{brand}商业银行股份有限公司" if kind.raw == "城市商业银行" and last_kind else None,
        )

    def listed(self, listed: int) -> list[Bank]:
        """The institutions in one of LISTS, in its order."""
        return [
            bank
            for bank in self.all
            if bank.first_list <= listed and (bank.last_list is None or listed <= bank.last_list)
        ]

    def _branches(self, bank: Bank) -> list[Branch]:
        """Every office a bank has ever listed: in each of its cities one branch and the sub-branches below it."""
        cities = list(range(len(CITIES)))
        seats = scatter(np.array(cities), self.seed + 1000 * bank.number + 111, 1000).tolist()
        reach = {1: 14, 2: 3, 3: 1}[bank.kind.level]
        chosen = [city for _, city in sorted(zip(seats, cities, strict=True))][:reach]
        if bank.kind.level > 1:
            chosen = [CITIES.index(bank.city), *[city for city in chosen if CITIES[city] is not bank.city]][:reach]
        offices: list[Branch] = []
        for place in chosen:
            offices += self._offices(bank, CITIES[place], len(offices))
        return offices

    def _offices(self, bank: Bank, city: City, before: int) -> list[Branch]:
        """A branch and two to six sub-branches in one city; two may carry the same name."""
        short = bank.name.split("股份")[0]
        where = city.name.removesuffix("市")
        head = f"{bank.code[:5]}L2{city.code}0001"
        count = 3 + scatter(np.array([before]), self.seed + 31 * bank.number, 5)[0]
        offices = []
        for row in range(int(count)):
            district, tech, opened, closed, twin = draw(
                self.seed, (bank.number * 1000 + before + row), 121, 60, 100, 100, 100, 100
            )
            sub = row > 0
            trade_name = "科技支行" if tech < 18 else f"第{row if twin >= 5 else 1}支行"
            offices.append(
                Branch(
                    code=f"{bank.code[:5]}S2{city.code}{row:04}" if sub else head,
                    parent_code=head if sub else None,
                    bank=bank.number,
                    name=f"{short}{where}{trade_name}" if sub else f"{short}{where}分行",
                    cnaps12=f"{bank.number + 301:03}{city.code}{before + row:05}",
                    region6=city.districts[district % len(city.districts)],
                    city=city,
                    is_tech=sub and tech < 18,
                    opened=_QUARTERS[0] if not sub or opened < 92 else _QUARTERS[1 + opened % 2],
                    closed=_QUARTERS[1 + closed % 2] if sub and opened < 92 and closed < 4 else None,
                )
            )
        return offices

    def branches_at(self, bank: Bank, quarter: int) -> list[Branch]:
        """What a bank lists for a quarter."""
        return [office for office in self.branches(bank) if office.opened <= quarter]


_QUARTERS = (2025 * 4 + 3, 2026 * 4, 2026 * 4 + 1)
FIRST_BRANCH_QUARTER = _QUARTERS[1]
"""2026Q1, the first quarter for which banks list their branches."""


def draw(seed: int, number: int, salt: int, *limits: int) -> list[int]:
    """One scattered integer below each limit."""
    return [
        int(scatter(np.array([number]), seed * 7919 + salt + place, limit)[0]) for place, limit in enumerate(limits)
    ]
