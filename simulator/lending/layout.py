"""How each sender lays a table out in a file: units, heads, titles, totals, notes, format and encoding."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from simulator.lending.dirt import plain
from simulator.lending.files import (
    Cell,
    Formula,
    Row,
    Sheet,
    column_letters,
    csv_bytes,
    xls_bytes,
    xlsx_bytes,
    zip_bytes,
)
from simulator.lending.schedule import Part
from simulator.lending.tables import Column, Table
from simulator.regions import PROVINCES

_POWERS = {"元": 0, "万元": 4, "亿元": 8}
_LARGE = 20_000  # rows above which nobody sends a workbook


class Style(NamedTuple):
    """What a sender's files look like. `kind`: xlsx, xls, csv or zip (of a CSV)."""

    kind: str
    encoding: str
    unit: str
    per_mille_fee: bool
    chinese_dates: bool

    @property
    def is_sheet(self) -> bool:
        """Whether cells can be numbers and dates."""
        return self.kind in ("xlsx", "xls")


def style_of(part: Part, rows: int) -> Style:
    """How a sender writes; the same for all its files, except that nobody sends a very large workbook."""
    number = part.number
    unit = ("万元", "万元", "元", "亿元", "万元")[number % 5]
    match part.source:
        case "nfra_institutions":
            return Style("csv" if part.at == 0 else "xlsx", "gb18030", unit, False, False)
        case "bank_branches":
            kind = ("xlsx", "xlsx", "csv", "xls")[number % 4]
            return Style(kind, "utf-8-sig", unit, False, False)
        case "guarantee_lists":
            kind = "csv" if part.sender == "44" else "xlsx"
            return Style(kind, "gb18030", "亿元" if part.sender == "32" else "万元", False, kind == "csv")
    kind = ("xlsx", "xlsx", "csv", "zip", "xlsx", "csv")[number % 6]
    encoding = "gb18030" if number % 6 == 5 else "utf-8-sig"
    if rows > _LARGE:
        kind = "zip"
    return Style(kind, encoding, unit, number % 4 == 0, number % 7 == 5 and kind == "csv")


def file_name(part: Part, style: Style) -> str:
    """The agreed name, which says sender and period."""
    word = {
        "nfra_institutions": f"nfra_institutions_{part.period}",
        "bank_branches": f"branches_{part.sender}_{part.period}",
        "guarantee_lists": f"guarantee_list_{part.sender}_{part.period}",
    }.get(part.source)
    stem = {"quarter": "quarter", "contract": "contracts", "compensation": "compensations"}.get(
        part.resource, "cooperation"
    )
    return f"{word or f'{stem}_{part.sender}_{part.period}'}.{style.kind}"


def converted(table: Table, style: Style) -> list[list[Cell]]:
    """The rows in the sender's units: exact decimals for amounts and ratios, everything else as it is."""
    shifts: list[int | None] = []
    for column in table.columns:
        fee = column.name == "平均担保费率" and style.per_mille_fee
        shifts.append({"money": -_POWERS[style.unit], "percent": int(fee)}.get(column.kind))
    return [
        [
            cell if shift is None or not isinstance(cell, int | Decimal) else Decimal(cell).scaleb(shift)
            for cell, shift in zip(row, shifts, strict=True)
        ]
        for row in table.rows
    ]


def heads(columns: tuple[Column, ...], style: Style) -> list[str]:
    """The heads with their units in brackets."""
    fee = "‰" if style.per_mille_fee else "%"
    return [
        f"{column.name}（{style.unit}）"
        if column.kind == "money"
        else f"{column.name}（{fee if column.name == '平均担保费率' else '%'}）"
        if column.kind == "percent"
        else column.name
        for column in columns
    ]


def laid_out(part: Part, columns: tuple[Column, ...], rows: list[list[Cell]], style: Style) -> bytes:
    """The file of these rows, which are in the sender's units and have their dirt."""
    if style.chinese_dates:
        rows = [[_chinese(cell) for cell in row] for row in rows]
    if part.source == "guarantee_lists" and part.sender == "32":
        return xlsx_bytes(list(_jiangsu(columns, rows, style)))
    lines: list[Row] = [heads(columns, style), *rows]
    if title := _title(part):
        lines.insert(0, [title])
    lines += _below(part, columns, rows, style)
    if style.kind == "xlsx":
        return xlsx_bytes(_sheets(part, lines, len(columns), title))
    if style.kind == "xls":
        return xls_bytes(Sheet("网点", lines))
    content = csv_bytes(lines, style.encoding)
    return content if style.kind == "csv" else zip_bytes({file_name(part, style._replace(kind="csv")): content})


def _chinese(cell: Cell) -> Cell:
    """A date as 2026年6月20日."""
    return f"{cell.year}年{cell.month}月{cell.day}日" if isinstance(cell, dt.date) else cell


def _title(part: Part) -> str | None:
    """The line above the head, where the agreed layout has one."""
    match part.source, part.resource:
        case "bank_branches", _:
            return f"营业网点清单（{part.period}）"
        case "guarantee_lists", _ if part.sender != "44":
            return f"{PROVINCES[part.sender[:2]]}融资担保机构名录（截至{part.period}）"
        case "guarantor_reports", "quarter":
            return f"融资担保机构季度报表（{part.period}）"
        case "guarantor_reports", "bank_cooperation":
            return f"银担合作情况表（{part.period}）"
    return None


def _below(part: Part, columns: tuple[Column, ...], rows: list[list[Cell]], style: Style) -> list[Row]:
    """Totals and notes under the rows."""
    lines: list[Row] = []
    totals = part.source == "guarantee_lists" or part.resource in ("contract", "bank_cooperation")
    if totals and style.is_sheet:
        lines.append(_total(columns, rows))
    if part.source == "nfra_institutions" and style.is_sheet:
        lines.append([f"注：本名单截至{part.period}，不含境外机构。"])
    if part.source == "guarantee_lists":
        lines.append(["注：以经营许可证为准。"])
    if part.resource == "quarter":
        lines.append(["填报单位盖章："])
    return lines


def _total(columns: tuple[Column, ...], rows: list[list[Cell]]) -> Row:
    """合计 and the sums of the amounts."""
    sums = [
        sum((plain(row[at]) for row in rows), Decimal(0)) if column.kind == "money" else None
        for at, column in enumerate(columns)
    ]
    return ["合计", *sums[1:]]


def _sheets(part: Part, lines: list[Row], width: int, title: str | None) -> list[Sheet]:
    """One sheet with its title merged over the table; quarters have a hidden one beside it and a worked-out cell."""
    merged = [f"A1:{column_letters(width - 1)}1"] if title else []
    if part.resource == "quarter":
        at = 15  # 资产总额: what the three classes and the rest add up to, kept with its value
        row = list(lines[2])
        if isinstance(row[at], Decimal):
            row[at] = Formula("M3/0.35", Decimal(str(row[at])))
        lines[2] = row
        return [Sheet("季度报表", lines, merged), Sheet("填报说明", [["本表由系统生成"]], hidden=True)]
    return [Sheet("Sheet1", lines, merged)]


_JIANGSU = (
    (None, "序号"),
    (None, "机构名称"),
    ("基本信息", "统一社会信用代码"),
    ("基本信息", "实缴资本"),
    ("基本信息", "注册资本"),
    ("基本信息", "住所"),
    ("基本信息", "行政区划代码"),
    ("基本信息", "机构性质"),
    ("基本信息", "业务类型"),
    ("许可证", "编号"),
    ("许可证", "发证日期"),
    ("许可证", "有效期至"),
    (None, "监管评级"),
    (None, "状态"),
    (None, "法定代表人"),
)
_JIANGSU_WORDS = {"住所": "注册地", "编号": "经营许可证编号", "有效期至": "有效期"}
_JIANGSU_SHEETS = {"融资担保公司": ("直保", "农担"), "再担保公司": ("再担保",)}


def _jiangsu(columns: tuple[Column, ...], rows: list[list[Cell]], style: Style) -> Iterator[Sheet]:
    """江苏: two title lines, a head of two lines with merged cells, a sheet for each kind, and a hidden one."""
    names = [column.name for column in columns]
    order = [names.index(_JIANGSU_WORDS.get(word, word)) for _, word in _JIANGSU]
    moved = tuple(columns[at] for at in order)
    upper: list[Cell] = []
    lower: list[Cell] = []
    for group, word in _JIANGSU:
        with_unit = f"{word}（{style.unit}）" if word.endswith("资本") else word
        upper.append(group if group and group not in upper else None if group else with_unit)
        lower.append(with_unit if group else None)
    merged = ["A1:O1", "A2:O2", "C3:I3", "J3:L3"] + [f"{letter}3:{letter}4" for letter in "ABMNO"]
    for name, kinds in _JIANGSU_SHEETS.items():
        here = [[row[at] for at in order] for row in rows if row[names.index("业务类型")] in kinds]
        lines: list[Row] = [["江苏省融资担保机构名录"], [f"分类：{name}"], upper, lower, *here, _total(moved, here)]
        yield Sheet(name, [*lines, ["填报日期见文件名"]], merged)
    yield Sheet("说明", [["内部使用"]], hidden=True)
