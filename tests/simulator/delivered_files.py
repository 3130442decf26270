"""Files as an institution's counterpart opens them: the agreed names, heads and layouts, and their rows, cell by cell.

Names and heads are written out from the delivery contract, apart from the code that writes the files.
"""

import csv
import datetime as dt
import io
import re
import zipfile
from typing import NamedTuple

import openpyxl
import xlrd

NAMES = {
    ("nfra_institutions", "institution"): r"nfra_institutions_\d{4}-\d{2}-\d{2}\.(xlsx|xls|csv|zip)",
    ("bank_branches", "branch"): r"branches_[A-Z]\d{4}H\d{9}_\d{4}Q[1-4]\.(xlsx|xls|csv|zip)",
    ("guarantee_lists", "institution"): r"guarantee_list_(\d{2}|\d{4})_\d{4}-\d{2}-\d{2}\.(xlsx|xls|csv|zip)",
    ("guarantor_reports", "quarter"): r"quarter_[0-9A-Z]{18}_\d{4}Q[1-4]\.(xlsx|xls|csv|zip)",
    ("guarantor_reports", "contract"): r"contracts_[0-9A-Z]{18}_\d{4}-\d{2}\.(xlsx|xls|csv|zip)",
    ("guarantor_reports", "compensation"): r"compensations_[0-9A-Z]{18}_\d{4}-\d{2}\.(xlsx|xls|csv|zip)",
    ("guarantor_reports", "bank_cooperation"): r"cooperation_[0-9A-Z]{18}_\d{4}Q[1-4]\.(xlsx|xls|csv|zip)",
}
REQUIRED = {
    ("nfra_institutions", "institution"): "中文全称 机构编码 机构类型",
    ("bank_branches", "branch"): "机构编码 机构名称 行政区划代码 科技支行 状态",
    ("guarantee_lists", "institution"): "机构名称 统一社会信用代码 经营许可证编号 发证日期",
    ("guarantor_reports", "quarter"): "统一社会信用代码 净资产 在保余额 责任余额",
    (
        "guarantor_reports",
        "contract",
    ): "合同编号 被担保人 债权人 业务品种 担保金额 在保余额 起始日 到期日 状态",
    ("guarantor_reports", "compensation"): "代偿编号 合同编号 代偿日期 代偿金额",
    ("guarantor_reports", "bank_cooperation"): "银行机构编码 银行名称 授信额度",
}
TITLED = {"branch", "quarter", "bank_cooperation"}
JIANGSU = {
    "许可证/编号": "经营许可证编号",
    "许可证/发证日期": "发证日期",
    "许可证/有效期至": "有效期",
    "基本信息/住所": "注册地",
}


class Seen(NamedTuple):
    """A cell as a reader sees it: what kind it is (text, number, date) and its text; a CSV file has texts only."""

    kind: str
    text: str


Line = list[Seen | None]


class Body(NamedTuple):
    """The rows of a file by head without its unit, the units, and the lines of totals."""

    rows: list[dict[str, Seen | None]]
    units: dict[str, str]
    totals: list[dict[str, Seen | None]]


def sheets(name: str, content: bytes, encoding: str) -> dict[str, list[Line]]:
    """The visible sheets of a file (a CSV file is one)."""
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            (inner,) = archive.namelist()
            return sheets(inner, archive.read(inner), encoding)
    if name.endswith(".csv"):
        lines = csv.reader(io.StringIO(content.decode(encoding), newline=""))
        return {"": [[Seen("text", cell) if cell else None for cell in line] for line in lines]}
    if name.endswith(".xls"):
        page = xlrd.open_workbook(file_contents=content).sheet_by_index(0)
        return {page.name: [[_old(page.cell(row, at)) for at in range(page.ncols)] for row in range(page.nrows)]}
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    return {
        page.title: [[_new(cell) for cell in line] for line in page.iter_rows(values_only=True)]
        for page in book.worksheets
        if page.sheet_state == "visible"
    }


def _new(value: object) -> Seen | None:
    match value:
        case None:
            return None
        case dt.datetime():
            return Seen("date", str(value.date()))
        case int() | float():
            return Seen("number", plain(value))
    return Seen("text", str(value))


def _old(cell: xlrd.sheet.Cell) -> Seen | None:
    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return None
    return Seen("number", plain(cell.value)) if cell.ctype == xlrd.XL_CELL_NUMBER else Seen("text", str(cell.value))


def plain(number: float) -> str:
    """Digits without an exponent; 15 of them at most, as a spreadsheet has."""
    text = f"{number:.15g}"
    if "e" in text:
        return str(int(number)) if isinstance(number, int) else f"{number:.14E}"
    return text


def body(resource: tuple[str, str], sender: str, pages: dict[str, list[Line]]) -> Body:
    """What stands under the heads of all pages, without titles, totals and notes."""
    found = Body([], {}, [])
    for lines in pages.values():
        title = (
            2 if sender == "32" else int(resource[1] in TITLED or (resource[0] == "guarantee_lists" and sender != "44"))
        )
        levels = 2 if sender == "32" else 1
        heads = _heads(lines[title : title + levels])
        found.units.update({name: unit for name, unit in heads if unit})
        for line in lines[title + levels :]:
            first = next((cell.text for cell in line if cell), "")
            if first.startswith(("注", "填报")):
                continue
            row = {name: cell for (name, _), cell in zip(heads, line, strict=False)}
            (found.totals if first == "合计" else found.rows).append(row)
    return found


def _heads(lines: list[Line]) -> list[tuple[str, str]]:
    """Name and unit of each column; where the head has two lines, the upper one is filled to the right."""
    names = []
    upper = ""
    for at in range(max(map(len, lines))):
        parts = [line[at].text if at < len(line) and line[at] else "" for line in lines]
        upper = parts[0] or upper
        joined = parts[0] if len(parts) == 1 or not parts[1] else f"{upper}/{parts[1]}"
        match = re.fullmatch(r"(.+?)（(.+)）", joined)
        name, unit = (match[1], match[2]) if match else (joined, "")
        names.append((JIANGSU.get(name, name.split("/")[-1]), unit))
    return names
