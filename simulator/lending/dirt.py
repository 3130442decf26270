"""Dirt by kind: what is injected at which rate, and what should become of the row that has it."""

import datetime as dt
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from simulator.companies import scatter
from simulator.lending.banks import draw
from simulator.lending.files import Cell, Serial, cell_text
from simulator.lending.products import Product
from simulator.lending.schedule import Delivery, Event
from simulator.regions import CITIES
from simulator.uscc import spoiled


class Fate(StrEnum):
    """What should become of a row or a file with dirt in it."""

    REPAIRED = "repaired"  # loaded with the value that was meant
    QUARANTINED = "quarantined"  # withheld, with a rule
    FLAGGED = "flagged"  # loaded, and marked
    REJECTED = "rejected"  # the whole file is refused
    NOTHING = "nothing"  # loaded as if it were clean


class Injection(NamedTuple):
    """One piece of dirt: where it is, what stands there, what was meant, its fate, and the rule a quarantine names."""

    kind: str
    source: str
    resource: str
    sender: str
    period: str
    file_name: str | None
    received_on: str
    row_key: str | None
    column: str | None
    written: str | None
    meant: str | None
    fate: Fate
    rule: str | None


class ProductDirt(StrEnum):
    """Kinds of dirt in the product feed."""

    UNIT = "unit_slip"
    RATE = "rate_above_1"
    FIELD = "criterion_unknown_field"
    MISSING = "missing_required"


PRODUCT_FATES = {
    ProductDirt.UNIT: (Fate.QUARANTINED, "limit_out_of_range", "limit_max"),
    ProductDirt.RATE: (Fate.FLAGGED, "percent_slip", "rate_min"),
    ProductDirt.FIELD: (Fate.QUARANTINED, "criterion_invalid", "criteria"),
    ProductDirt.MISSING: (Fate.QUARANTINED, "amount_unreadable", "limit_max"),
}
"""Fate, rule and column of each; an unknown field withholds the whole product."""
_PRODUCT_PER_MILLE = 20


def product_dirt(product: Product, seed: int) -> ProductDirt | None:
    """The dirt in a product, the same in all its versions; the first four products have one kind each for certain."""
    kinds = tuple(ProductDirt)
    if product.number < len(kinds):
        return kinds[product.number]
    place = draw(seed, product.number, 301, 1000)[0] // _PRODUCT_PER_MILLE
    return kinds[place] if place < len(kinds) else None


class _Place(NamedTuple):
    """A cell as dirt finds it: its row by name of column, and whether the file has cells of numbers and dates."""

    row: dict[str, Cell]
    value: Cell
    is_sheet: bool


Spoil = Callable[[_Place], Cell]


class RowDirt(NamedTuple):
    """A kind of dirt in a column: rows in 1,000 that get it (of those where it can be), its fate and rule.

    `spoil` gives the spoiled cell, or the same one where this kind cannot be. `rarely`: in one file of so many, and in
    one row of it, instead of by rate.
    """

    kind: str
    column: str
    per_mille: int
    fate: Fate
    rule: str | None
    spoil: Spoil
    rarely: int = 0


_WIDE = {ord(letter): ord(letter) + 0xFEE0 for letter in "0123456789"}


def _full_width(place: _Place) -> Cell:
    return cell_text(place.value).translate(_WIDE) if isinstance(place.value, str | Decimal) else place.value


def _half_brackets(place: _Place) -> Cell:
    return place.value.replace("（", "(").replace("）", ")") if isinstance(place.value, str) else place.value


def _wrong_check(place: _Place) -> Cell:
    return spoiled(place.value) if isinstance(place.value, str) else place.value


def _retired(place: _Place) -> Cell:
    gone = [code for city in CITIES if city.code == str(place.value)[:4] for code in city.retired]
    return gone[0] if gone else place.value


def _number(place: _Place) -> Cell:
    return (
        int(place.value) if place.is_sheet and isinstance(place.value, str) and place.value.isdigit() else place.value
    )


def _lost_digits(place: _Place) -> Cell:
    """Only a code of nothing but digits becomes a number; the last of 18 are then lost."""
    return float(place.value) if isinstance(place.value, str) and place.value.isdigit() else place.value


def _serial(place: _Place) -> Cell:
    return Serial(place.value) if place.is_sheet and isinstance(place.value, dt.date) else place.value


def _nothing(_: _Place) -> Cell:
    return None


def _null_word(place: _Place) -> Cell:
    return "--" if place.value is None else place.value


def _office(place: _Place) -> Cell:
    """The name of a sub-branch is forgotten; that of a branch never, for then its sub-branches had no parent."""
    return place.value if place.row["上级机构编码"] is None else None


_Q, _R, _N = Fate.QUARANTINED, Fate.REPAIRED, Fate.NOTHING
DUPLICATED_ROW, RETIRED_REGION = "duplicated_row", "retired_region"

ROW_DIRT: dict[str, tuple[RowDirt, ...]] = {
    "contract": (
        RowDirt("wrong_check_digit", "被担保人统一社会信用代码", 0, _Q, "uscc_invalid", _wrong_check, rarely=5),
        RowDirt("lost_digits", "被担保人统一社会信用代码", 0, _Q, "delivery_fault", _lost_digits, rarely=7),
        RowDirt("missing_required", "债权人", 0, _Q, "delivery_fault", _nothing, rarely=8),
        RowDirt("full_width_digits", "被担保人统一社会信用代码", 6, _R, None, _full_width),
        RowDirt("full_width_digits", "担保金额", 3, _R, None, _full_width),
        RowDirt("bracket_variant", "被担保人", 150, _R, None, _half_brackets),
        RowDirt("excel_serial_date", "起始日", 5, _R, None, _serial),
        RowDirt("null_word", "被担保人统一社会信用代码", 300, _N, None, _null_word),
    ),
    "compensation": (RowDirt("full_width_digits", "代偿金额", 40, _R, None, _full_width),),
    "bank_cooperation": (RowDirt("full_width_digits", "授信额度", 30, _R, None, _full_width),),
    "quarter": (RowDirt("full_width_digits", "统一社会信用代码", 60, _R, None, _full_width),),
    "branch": (
        RowDirt("missing_required", "机构名称", 0, _Q, "delivery_fault", _office, rarely=3),
        RowDirt("full_width_digits", "机构编码", 5, _R, None, _full_width),
        RowDirt(RETIRED_REGION, "行政区划代码", 20, _N, None, _retired),
        RowDirt("code_as_number", "行政区划代码", 15, _R, None, _number),
        RowDirt("code_as_number", "支付系统行号", 15, _R, None, _number),
    ),
    "nfra_institutions": (
        RowDirt("full_width_digits", "机构编码", 20, _R, None, _full_width),
        RowDirt("bracket_variant", "中文全称", 600, _R, None, _half_brackets),
    ),
    "guarantee_lists": (
        RowDirt("wrong_check_digit", "统一社会信用代码", 0, _Q, "uscc_invalid", _wrong_check, rarely=6),
        RowDirt("full_width_digits", "统一社会信用代码", 60, _R, None, _full_width),
        RowDirt("bracket_variant", "机构名称", 500, _R, None, _half_brackets),
        RowDirt(RETIRED_REGION, "行政区划代码", 80, _N, None, _retired),
        RowDirt("code_as_number", "行政区划代码", 80, _R, None, _number),
        RowDirt("excel_serial_date", "发证日期", 80, _R, None, _serial),
    ),
}
"""By resource, or by source for those with one resource of that name: the kinds of dirt in rows, in order."""
DUPLICATES_PER_MILLE = {"contract": 3, "guarantee_lists": 40, "branch": 6}
_LEAST_ROWS_FOR_A_FAULT = 25  # so that one bad row does not refuse the file

FILE_FATES = {
    Event.LYING: Fate.REJECTED,
    Event.WRONG: Fate.REJECTED,
    Event.CORRECTION: Fate.NOTHING,
    Event.LATE: Fate.NOTHING,
    Event.REPEAT: Fate.NOTHING,
    Event.WITHDRAWAL: Fate.NOTHING,
}


def inject(
    delivery: Delivery,
    file_name: str,
    names: list[str],
    key: str,
    rows: list[list[Cell]],
    is_sheet: bool,
    safe: list[int],
) -> list[Injection]:
    """Spoil rows in place, duplicates included; tell what was done. `safe`: rows that may be withheld without harm."""
    part = delivery.part
    resource = part.source if part.source in ROW_DIRT else part.resource
    touched: set[int] = set()
    done: list[Injection] = []

    def tell(kind: str, row: int, column: str | None, meant: Cell, fate: Fate, rule: str | None) -> None:
        written = None if column is None else rows[row][names.index(column)]
        done.append(
            Injection(
                kind, *part[:4], file_name, str(delivery.night), keys[row], column, _shown(written), _shown(meant),
                fate, rule,
            )
        )  # fmt: skip

    keys = [cell_text(row[names.index(key)]) for row in rows]
    for salt, dirt in enumerate(ROW_DIRT[resource]):
        at = names.index(dirt.column)
        chosen = _chosen(part.draw + 17 * salt, len(rows), dirt, safe)
        for row in chosen:
            meant = rows[row][at]
            spoilt = dirt.spoil(_Place(dict(zip(names, rows[row], strict=True)), meant, is_sheet))
            if row in touched or (spoilt == meant and type(spoilt) is type(meant)):
                continue
            rows[row][at] = spoilt
            touched.add(row)
            tell(dirt.kind, row, dirt.column, meant, dirt.fate, dirt.rule)
            if dirt.rarely:
                break
    again = _hits(part.draw + 991, len(rows), DUPLICATES_PER_MILLE.get(resource, 0))
    for row in sorted(set(again) - touched, reverse=True):
        tell(DUPLICATED_ROW, row, None, None, Fate.REPAIRED, None)
        rows.insert(row + 1, list(rows[row]))
    return done


def _chosen(number: int, count: int, dirt: RowDirt, safe: list[int]) -> list[int]:
    """The rows that a kind of dirt falls on, or tries to."""
    if not dirt.rarely:
        return _hits(number, count, dirt.per_mille)
    faults = dirt.rule == "delivery_fault"
    if (faults and count < _LEAST_ROWS_FOR_A_FAULT) or draw(0, number, 811, dirt.rarely)[0]:
        return []
    order = scatter(np.array(safe, np.int64), number, 2**30).tolist()
    return [row for _, row in sorted(zip(order, safe, strict=True))]


def _hits(number: int, count: int, per_mille: int) -> list[int]:
    return np.flatnonzero(scatter(np.arange(count) + number * 1_000_003, 821, 1000) < per_mille).tolist()


def _shown(cell: Cell) -> str | None:
    return None if cell is None else cell_text(cell)


def plain(cell: Cell) -> Decimal:
    """A cell as the number that was meant; 0 for none."""
    return Decimal(unicodedata.normalize("NFKC", cell_text(cell)) or 0)


def file_injections(delivery: Delivery, file_name: str, encoding: str | None) -> list[Injection]:
    """What is the matter with a whole file: why it came, and an encoding that is not UTF-8."""
    kinds: dict[str, Fate] = {}
    if delivery.event in FILE_FATES:
        kinds[delivery.event.value] = FILE_FATES[delivery.event]
    if encoding == "gb18030":
        kinds["gb18030"] = Fate.NOTHING
    place = (*delivery.part[:4], file_name, str(delivery.night), None, None, None, None)
    return [Injection(kind, *place, fate, None) for kind, fate in kinds.items()]
