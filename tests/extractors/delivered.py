"""Delivered files and their specs, made by hand for tests."""

import io
import zipfile
from datetime import date
from typing import Any

import openpyxl
import xlwt

from extractors.core.cells import Checked, check
from extractors.core.spec import Resource
from extractors.core.table_file import TableRead, read

HEAD = ["机构编码", "名称", "注册资本（万元）", "户数", "成立日期", "状态", "联系人"]
ROWS = [
    ["0001", "甲担保", "1000.5", "3", "2023-03-15", "在业", "张三"],
    ["0002", "乙担保", "2000", "4", "2024年5月6日", "注销", "李四"],
    ["0003", "丙担保", "3000", "5", "长期", "在业", "王五"],
]


def resource(layout: dict[str, Any] | None = None, file: dict[str, Any] | None = None, **given: Any) -> Resource:
    """Files of a province: code (four digits), name, capital with its unit in the head, clients, date, status."""
    fields = {
        "mode": "delivery",
        "key": ["机构编码"],
        "rows": {"min": 1, "max": 1000, "drift": "30%", "slack": 1},
        "file": {
            "name": r"^list_(?P<sender>\d{2})_(?P<period>\d{4}-\d{2}-\d{2})\.(xlsx|xls|csv|zip)$",
            "period": "day",
            "formats": ["xlsx", "xls", "csv"],
            "manifest": "optional",
            "max_bytes": "5MB",
            "bad_rows": {"policy": "row", "max": "50%"},
            "layout": {"units_in_head": True, "total_rows": ["合计"], "note_rows": ["注"]} | (layout or {}),
        }
        | (file or {}),
        "columns": {
            "序号": {"as": "running_number", "type": "integer"},
            "机构编码": {
                "as": "code",
                "type": "code",
                "required": True,
                "width": 4,
                "pattern": r"\d{4}",
                "example": "0001",
            },
            "名称": {"as": "name", "required": True, "also": ["机构名称"], "example": "甲担保"},
            "注册资本": {"as": "capital", "type": "decimal", "unit": "head", "example": "1000"},
            "户数": {"as": "clients", "type": "integer", "example": "3"},
            "成立日期": {"as": "founded_on", "type": "date", "example": "2023-03-15"},
            "状态": {"as": "status_raw", "codes": "在业 | 注销", "example": "在业"},
            "联系人": {"personal": "drop"},
        },
    }
    return Resource.model_validate(fields | given)


def csv(*rows: list[str], encoding: str = "utf-8") -> bytes:
    """Lines of comma-separated values."""
    return "".join(",".join(row) + "\r\n" for row in rows).encode(encoding)


def xlsx(*rows: list[Any], merge: tuple[str, ...] = (), more: dict[str, list[list[Any]]] | None = None) -> bytes:
    """A workbook with a sheet 一, and more sheets; one whose name begins with 隐 is hidden."""
    book = openpyxl.Workbook()
    sheets = {"一": list(rows), **(more or {})}
    book.remove(book.active)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
        if name.startswith("隐"):
            sheet.sheet_state = "hidden"
    for area in merge:
        book["一"].merge_cells(area)
    return saved(book)


def saved(book: Any) -> bytes:
    """The bytes of a workbook."""
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def xls(*rows: list[Any], merge: tuple[int, int, int, int] | None = None) -> bytes:
    """An XLS with one sheet; `merge`: first row, last row, first column, last column, from 0."""
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("一")
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            if value is not None and not (merge and (at, column) == (merge[0], merge[2])):
                sheet.write(at, column, value)
    if merge:
        sheet.write_merge(*merge, rows[merge[0]][merge[2]])
    return saved(book)


def zipped(**members: bytes) -> bytes:
    """A ZIP; `a_csv=…` is the member `a.csv`."""
    return zipped_as({name[::-1].replace("_", ".", 1)[::-1]: content for name, content in members.items()})


def zipped_as(members: dict[str, bytes]) -> bytes:
    """A ZIP of members under any names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def repacked(content: bytes, **changed: tuple[bytes, bytes]) -> bytes:
    """A workbook in whose members named like a key (`sheet1`) some bytes are replaced by others."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for part, (old, new) in changed.items():
        (name,) = [name for name in members if f"/{part}." in name and not name.endswith(".rels")]
        assert old in members[name]
        members[name] = members[name].replace(old, new, 1)
    return zipped_as(members)


def came(name: str, content: bytes, of: Resource | None = None, sender: str = "33") -> TableRead:
    """What the reader makes of a file."""
    return read(name, content, of or resource(), sender)


def judged(name: str, content: bytes, of: Resource | None = None, sender: str = "33") -> Checked:
    """What the checks say of a file."""
    of = of or resource()
    return check(came(name, content, of, sender).table, of, sender, "2026-06-30")


# The same rows as a spreadsheet has them, and the records that they are.
TYPED: list[list[Any]] = [
    [1, "甲担保", 1000.5, 3, date(2023, 3, 15), "在业", "张三"],
    [2.0, "乙担保", 2000, 4.0, "2024年5月6日", "注销", "李四"],
    ["0003", "丙担保", "3,000", "５", "长期", "在业", "王五"],
]
GOOD = [
    ("0001", "甲担保", "1000.5", "万元", "3", "2023-03-15", "在业"),
    ("0002", "乙担保", "2000", "万元", "4", "2024年5月6日", "注销"),
    ("0003", "丙担保", "3000", "万元", "5", "长期", "在业"),
]
SHOWN = ["机构编码", "名称", "注册资本", "注册资本_unit", "户数", "成立日期", "状态"]


def good(name: str, content: bytes, **given: Any) -> list[tuple[Any, ...]]:
    """The records of a file that has no fault."""
    found = judged(name, content, **given)
    assert found.faults == []
    return [tuple(row[column] for column in SHOWN) for row in found.table.to_pylist()]
