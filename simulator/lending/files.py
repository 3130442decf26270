"""Tables as files: XLSX, XLS, CSV and ZIP, the same bytes every time."""

import csv
import datetime as dt
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple
from xml.sax.saxutils import escape

_EXCEL_ZERO = dt.date(1899, 12, 30)
_STAMP = (2026, 1, 1, 0, 0, 0)  # of every member of every ZIP


class Formula(NamedTuple):
    """A cell that is worked out, with the value that was stored with it."""

    text: str
    value: Decimal


class Serial(NamedTuple):
    """A date that has lost its format: a bare number of days."""

    day: dt.date

    @property
    def number(self) -> int:
        """Days as a spreadsheet counts them."""
        return (self.day - _EXCEL_ZERO).days


Cell = str | int | float | Decimal | dt.date | Formula | Serial | None
Row = Sequence[Cell]


@dataclass(frozen=True)
class Sheet:
    """A sheet: its rows from the top, and merged ranges such as `A1:C1`."""

    name: str
    rows: list[Row]
    merged: list[str] = field(default_factory=list)
    hidden: bool = False


def column_letters(index: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def csv_bytes(rows: list[Row], encoding: str) -> bytes:
    """Comma-separated lines as spreadsheets on Chinese systems save them."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([[cell_text(cell) for cell in row] for row in rows])
    return text.getvalue().encode(encoding)


def cell_text(cell: Cell) -> str:
    """A cell as a CSV file writes it."""
    match cell:
        case None:
            return ""
        case Formula():
            return _number(cell.value)
        case Serial():
            return str(cell.number)
        case float() | int() | Decimal():
            return _number(cell)
    return str(cell)


def _number(value: float | Decimal) -> str:
    """Digits without an exponent, as exact as they are; a float is a number that has lost its last digits."""
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{value:.14E}" if isinstance(value, float) else str(value)


def zip_bytes(members: dict[str, bytes]) -> bytes:
    """A ZIP of these files with fixed dates."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _STAMP), content, zipfile.ZIP_DEFLATED, 1)
    return packed.getvalue()


def xlsx_bytes(sheets: list[Sheet]) -> bytes:
    """A workbook. Texts stand in the cells themselves, dates carry a format."""
    numbers = range(1, len(sheets) + 1)
    names = "".join(
        f'<sheet name="{escape(sheet.name)}" sheetId="{n}"{" state=" + _HIDDEN if sheet.hidden else ""} r:id="rId{n}"/>'
        for n, sheet in zip(numbers, sheets, strict=True)
    )
    relations = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_SHEET}.worksheet+xml"/>' for n in numbers
    )
    members = {
        "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">{_DEFAULTS}{overrides}</Types>',
        "_rels/.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{relations}'
        f'<Relationship Id="rId0" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f"{_XML}{_STYLES}",
    }
    for n, sheet in zip(numbers, sheets, strict=True):
        members[f"xl/worksheets/sheet{n}.xml"] = _sheet_xml(sheet)
    return zip_bytes({name: text.encode() for name, text in members.items()})


_HIDDEN = '"hidden"'
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_DEFAULTS = (
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_SHEET}.styles+xml"/>'
)
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font><sz val="11"/><name val="宋体"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2">'
    '<xf numFmtId="0" xfId="0"/><xf numFmtId="14" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def _sheet_xml(sheet: Sheet) -> str:
    letters = [column_letters(at) for at in range(max(map(len, sheet.rows), default=0))]
    lines = []
    for number, row in enumerate(sheet.rows, 1):
        cells = [_cell_xml(f"{letters[at]}{number}", cell) for at, cell in enumerate(row) if cell is not None]
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    merged = "".join(f'<mergeCell ref="{place}"/>' for place in sheet.merged)
    merges = f'<mergeCells count="{len(sheet.merged)}">{merged}</mergeCells>' if merged else ""
    return f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData>{merges}</worksheet>'


def _cell_xml(place: str, cell: Cell) -> str:
    match cell:
        case str():
            return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
        case dt.date():
            return f'<c r="{place}" s="1"><v>{(cell - _EXCEL_ZERO).days}</v></c>'
        case Serial():
            return f'<c r="{place}"><v>{cell.number}</v></c>'
        case Formula():
            return f'<c r="{place}"><f>{escape(cell.text)}</f><v>{_number(cell.value)}</v></c>'
        case float() | int() | Decimal():
            return f'<c r="{place}"><v>{_number(cell)}</v></c>'
    return ""


def xls_bytes(sheet: Sheet) -> bytes:
    """A workbook of the format before 2007, of one sheet without merged cells."""
    import xlwt  # type: ignore[import-untyped]

    book = xlwt.Workbook(encoding="utf-8")
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    page = book.add_sheet(sheet.name)
    for at, row in enumerate(sheet.rows):
        for column, cell in enumerate(row):
            if isinstance(cell, dt.date):
                page.write(at, column, (cell - _EXCEL_ZERO).days, day)
            elif isinstance(cell, Serial):
                page.write(at, column, cell.number)
            elif isinstance(cell, Formula | Decimal):
                page.write(at, column, float(cell.value if isinstance(cell, Formula) else cell))
            elif cell is not None:
                page.write(at, column, cell)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return sha256(content).hexdigest()


def json_bytes(value: dict[str, object]) -> bytes:
    """A small JSON file for people and machines."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
