"""What the participating banks offer on a night: products, their criteria, and how both change from night to night."""

import datetime as dt
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from simulator.companies import scatter
from simulator.lending.banks import Bank, Banks, draw
from simulator.lending.calendar import date_of, days
from simulator.vocabulary import PEOPLE

CATEGORIES = ("信用", "抵押", "质押", "知识产权质押", "保证/担保", "投贷联动", "供应链", "贴息", "科创票据")
_NAMES = ("科创贷", "房抵快贷", "应收质押贷", "知产贷", "科技履约贷", "投联贷", "链易贷", "贴息贷", "科票通")
TARGETS = ("企业", "企业", "企业", "个体", "团队")
REPAYMENTS = ("等额本息", "先息后本", "到期一次还本付息", "随借随还")


@dataclass(frozen=True)
class Criterion:
    """One condition of a product. `is_hard`: without it no loan; else it weighs."""

    subject: str
    field: str
    op: str
    value: str | None
    unit: str | None
    is_hard: bool
    weight: float
    text: str


_HARD = (
    Criterion("credit", "negative_record", "none_since", "24", "月", True, 0.0, "近两年无失信记录"),
    Criterion("credit", "revenue", "≥", "1000", "万元", True, 0.0, "上年营业收入不低于1000万元"),
    Criterion("credit", "qualification", "in", "科技型中小、高企", None, True, 0.0, "科技型中小企业或高新技术企业"),
    Criterion("company", "employees", "≤", "500", "人", True, 0.0, "职工不超过500人"),
    Criterion("company", "is_listed", "=", "false", None, True, 0.0, "未上市"),
)
_SOFT = (
    Criterion("credit", "rd_expense", "≥", "100", "万元", False, 0.3, "研发费用100万元以上优先"),
    Criterion("entry", "award", "in", "一等奖、二等奖、三等奖", None, False, 0.4, "大赛获奖企业优先"),
    Criterion("vc", "round", "exists", None, None, False, 0.2, "已获股权投资优先"),
    Criterion("listing", "status", "exists", None, None, False, 0.1, "拟上市企业优先"),
)
TECH_SME = "科技型中小"
"""The qualification that question 8 asks for."""


@dataclass(frozen=True)
class Product:
    """A product as it stands on a night, in 元, fractions a year and months; `version` counts its changes from 1.

    `changed` and `stamped`: the night of its last change, and the night its own time stamp tells: not every change
    moves the stamp.
    """

    number: int
    bank: Bank
    product_no: str
    name: str
    category: str
    target: str
    limit_min: int
    limit_max: int
    in_wan: bool
    rate_min_bp: int  # hundredths of a percent
    rate_max_bp: int
    rate_basis: str
    term_min: int
    term_max: int
    repay_method: str
    guarantee_required: bool
    bank_share_percent: int | None
    subsidy: bool
    regions: tuple[str, ...]
    valid_from: dt.date
    valid_to: dt.date | None
    status: str
    reviewed_on: dt.date
    criteria: tuple[Criterion, ...]
    version: int
    changed: dt.date
    stamped: dt.date
    contact: str
    phone: str


_CHANGE, _WITHDRAW, _SILENT = 30, 5, 40  # of 1,000 products a night; of 100 changes
_LATE_BIRTH = 8  # of 100 products appear in the first 60 nights


class Products:
    """All products under one seed; `begin` is the night on which the catalogue is first looked at."""

    def __init__(self, banks: Banks, begin: dt.date) -> None:
        self.banks, self.seed, self.begin = banks, banks.seed, begin
        self.at = lru_cache(8)(self._at)

    @cached_property
    def _first(self) -> list[Product]:
        """Every product that will ever be, as it is when it appears."""
        return [
            self._born(bank, row)
            for bank in self.banks.partners
            for row in range(4 + draw(self.seed, bank.number, 201, 5)[0])
        ]

    def _at(self, night: dt.date) -> tuple[Product, ...]:
        """The catalogue on a night, by bank and product."""
        found = [self._grown(product, night) for product in self._first]
        return tuple(product for product in found if product is not None)

    def _born(self, bank: Bank, row: int) -> Product:
        number = bank.number * 100 + row
        (kind, target, low, high, rate, spread, term, repay, guarantee, wide, birth, person, phone, odd, age) = draw(
            self.seed, number, 211, 9, 5, 9, 20, 260, 150, 5, 4, 100, 100, 100, len(PEOPLE), 10**8, 100, 300
        )
        born = self.begin + dt.timedelta(days=1 + birth * 7 if birth < _LATE_BIRTH else 0)
        shares = guarantee < 30 or kind == 4
        since = self.begin - dt.timedelta(days=100 + age * 2)
        limit_max = (50 + 50 * high) * 10_000 if kind in (0, 3, 4) else (200 + 150 * high) * 10_000
        return Product(
            number=number,
            bank=bank,
            product_no=f"{'KJ ' if odd < 6 else 'KJ-'}{row + 1:03}",
            name=f"{bank.name.split('银行')[0]}{_NAMES[kind]}{row + 1}号",
            category=CATEGORIES[kind],
            target=TARGETS[target],
            limit_min=(5 + 5 * low) * 10_000,
            limit_max=limit_max,
            in_wan=number % 3 > 0,
            rate_min_bp=260 + rate,
            rate_max_bp=260 + rate + spread,
            rate_basis="LPR+bp" if number % 2 else "固定",
            term_min=(1, 3, 6, 6, 12)[term],
            term_max=(12, 12, 24, 36, 60)[term],
            repay_method=REPAYMENTS[repay],
            guarantee_required=shares,
            bank_share_percent=20 + 10 * (number % 3) if shares else None,
            subsidy=kind == 7,
            regions=() if bank.kind.level == 1 and wide < 60 else self._regions(bank, number),
            valid_from=since,
            valid_to=since + dt.timedelta(days=1460) if number % 2 else None,
            status="published" if odd < 92 else "draft",
            reviewed_on=since + dt.timedelta(days=age),
            criteria=self._criteria(number, kind),
            version=1,
            changed=born,
            stamped=born,
            contact=PEOPLE[person],
            phone=f"138{phone:08}",
        )

    def _regions(self, bank: Bank, number: int) -> tuple[str, ...]:
        """The whole of its province for a bank of a region, some provinces for a national one."""
        if bank.kind.level > 1:
            return (bank.city.code[:2] + "0000",)
        units = draw(self.seed, number, 241, 3, 3, 3)
        return tuple(sorted({("110000", "310000", "440000")[units[0]], ("320000", "330000", "510000")[units[1]]}))

    def _criteria(self, number: int, kind: int) -> tuple[Criterion, ...]:
        """One to three hard conditions and up to two soft ones; unsecured loans are mostly for technology companies."""
        hard, soft, first, second, tech = draw(self.seed, number, 251, 3, 3, len(_HARD), len(_SOFT), 10)
        if kind == 0 and tech < 7:
            first = 2
        rules = [_HARD[(first + step) % len(_HARD)] for step in range(hard + 1)]
        return tuple(rules + [_SOFT[(second + step) % len(_SOFT)] for step in range(soft)])

    def _grown(self, product: Product, night: dt.date) -> Product | None:
        """The product after all changes up to a night; None before it appears and after it was withdrawn."""
        if night < product.changed:
            return None
        nights = np.arange(days(product.changed) + 1, days(night) + 1)
        draws = scatter(nights * 100_000 + product.number, self.seed + 261, 1000)
        for day in nights[draws < _CHANGE + _WITHDRAW].tolist():
            if draws[day - nights[0]] < _WITHDRAW:
                return None
            product = self._changed(product, date_of(day))
        return product

    def _changed(self, product: Product, night: dt.date) -> Product:
        """One thing is different from this night on."""
        what, by, silent = draw(self.seed, product.number * 100 + product.version, 271, 100, 40, 100)
        moved = replace(
            product,
            version=product.version + 1,
            changed=night,
            stamped=product.stamped if silent < _SILENT else night,
        )
        if what < 45:
            return replace(
                moved, rate_min_bp=max(product.rate_min_bp - 5 - by, 120), rate_max_bp=product.rate_max_bp + 5 + by
            )
        if what < 75:
            return replace(moved, limit_max=product.limit_max + (by + 1) * 100_000)
        if what < 85:
            return replace(moved, term_max=product.term_max + 12)
        if what < 95:
            added = _SOFT[(product.number + product.version) % len(_SOFT)]
            return replace(moved, criteria=(*product.criteria[:1], added))
        return replace(moved, status="offline" if product.status == "published" else "published")
