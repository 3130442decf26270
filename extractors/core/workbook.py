"""Sheets of XLSX and XLS files as grids of text. What a spreadsheet made of a code or a date is made readable again."""

import io
import math
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import python_calamine
import xlrd

from extractors.core import sheet_xml
from extractors.core.errors import DeliveryError
from extractors.core.grid import Grid, body
from extractors.core.spec import Layout
from extractors.core.unpack import PARTS, TableFile, unpacked_members

# From here on a spreadsheet no longer holds every digit (it keeps 15).
EXACT = 10**15
_1904 = 1462  # days between the two systems that spreadsheets count days in


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Rows of cells, each as long as it has cells; merged areas as (first row, first column, last row, last column)."""

    name: str
    hidden: bool
    rows: Sequence[Sequence[Any]]
    merged: Sequence[tuple[int, int, int, int]] = field(default_factory=list)
    later: int = 0  # days to add to bare numbers that stand for dates
    percents: Sequence[tuple[int, int]] = field(default_factory=list)  # cells shown as percent, from 1


def grids(file: TableFile, layout: Layout, limit: int) -> Iterator[Grid]:
    """The sheets that the layout names, else the first visible one; raise `DeliveryError` for anything unexpected.

    `limit`: bytes the file may unpack to.
    """
    sheets = _xlsx(file.content, layout, limit) if file.format == "xlsx" else _xls(file.content, layout)
    for sheet in sheets:
        named = f"sheet {sheet.name}" if len(layout.sheets) > 1 else ""
        yield _grid(sheet, layout, f"{file.name} {named}".strip())


def _wanted(names: dict[str, bool], layout: Layout) -> list[str]:
    """Which of the sheets (name → whether hidden) to read."""
    visible = [name for name, hidden in names.items() if not hidden]
    missing = [name for name in layout.sheets if name not in names]
    if missing or not (layout.sheets or visible):
        expected = " and ".join(layout.sheets) or "a visible sheet"
        raise DeliveryError(f"expected {expected}, got the sheets {', '.join(names) or '(none)'}")
    wanted = layout.sheets or visible[:1]
    extra = [name for name, hidden in names.items() if hidden and name not in wanted]
    if extra and layout.hidden == "refuse":
        raise DeliveryError(f"the workbook has hidden sheets, which are not taken: {', '.join(extra)}")
    return wanted


def _xlsx(content: bytes, layout: Layout, limit: int) -> Iterator[_Sheet]:
    members = unpacked_members(content, limit, PARTS)
    sheet_xml.refuse_declarations(members)
    paths = sheet_xml.sheet_members(members)
    texts, percents, room = sheet_xml.shared_texts(members), sheet_xml.percent_styles(members), limit
    later = _1904 if sheet_xml.counts_from_1904(members) else 0
    try:
        # Packed anew: the reader sees the bytes that were looked at, whatever the headers of the file said.
        with python_calamine.load_workbook(_repacked(members)) as book:
            kinds = {sheet.name: sheet for sheet in book.sheets_metadata}
            hidden = {
                name: sheet.visible != python_calamine.SheetVisibleEnum.Visible
                for name, sheet in kinds.items()
                if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
            }
            for name in _wanted(hidden, layout):
                found = sheet_xml.scanned(name, members.get(paths.get(name, ""), b""), texts, percents)
                room -= found.text
                if room < 0:
                    raise DeliveryError(f"sheet {name}: the texts of its cells come to more than {limit:,} bytes")
                _refuse_formulas(name, found, layout)
                sheet = book.get_sheet_by_name(name)
                rows = sheet.to_python(skip_empty_area=False)
                for (row, column), error in found.errors.items():
                    if row <= len(rows) and column <= len(rows[row - 1]):
                        rows[row - 1][column - 1] = error
                merged = [(*first, *last) for first, last in sheet.merged_cell_ranges or []]
                yield _Sheet(name, hidden[name], rows, merged, later, found.percents)
    except python_calamine.PasswordError:
        raise DeliveryError("the workbook is encrypted: deliver it without a password") from None
    except (DeliveryError, OSError, MemoryError, GeneratorExit, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the reader is no Exception
        raise DeliveryError(f"not readable as XLSX: {error}") from None


def _repacked(members: dict[str, bytes]) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    buffer.seek(0)
    return buffer


def _refuse_formulas(name: str, found: sheet_xml.Sheet, layout: Layout) -> None:
    if layout.formulas == "refuse" and found.formulas:
        raise DeliveryError(f"{_cell(name, found.formulas[0])}: expected a value, got a formula")
    if found.unvalued:
        more = f" (and {len(found.unvalued) - 1} more)" if len(found.unvalued) > 1 else ""
        raise DeliveryError(
            f"{_cell(name, found.unvalued[0])}{more}: expected a value, got a formula whose value is not stored; "
            "open the file in a spreadsheet program and save it, or deliver values"
        )


def _cell(sheet: str, at: tuple[int, int]) -> str:
    return f"sheet {sheet}, row {at[0]}, column {sheet_xml.column_letters(at[1])}"


def _xls(content: bytes, layout: Layout) -> Iterator[_Sheet]:
    if layout.formulas == "refuse":
        raise DeliveryError("formulas cannot be told from values in an XLS: deliver XLSX or CSV")
    try:
        with xlrd.open_workbook(
            file_contents=content, formatting_info=True, ragged_rows=True, logfile=io.StringIO()
        ) as book:
            hidden = {sheet.name: sheet.visibility != 0 for sheet in book.sheets()}
            for name in _wanted(hidden, layout):
                sheet = book.sheet_by_name(name)
                rows = [[_xls_value(cell, book.datemode) for cell in sheet.row(at)] for at in range(sheet.nrows)]
                merged = [(top, left, bottom - 1, right - 1) for top, bottom, left, right in sheet.merged_cells]
                yield _Sheet(
                    name, hidden[name], rows, merged, _1904 if book.datemode else 0, _xls_percents(book, sheet)
                )
    except (DeliveryError, OSError, MemoryError):
        raise
    except Exception as error:  # whatever a damaged file makes of its reader
        words = "it is encrypted" if "encrypted" in str(error) else f"{type(error).__name__}: {error}"
        raise DeliveryError(f"not readable as XLS: {words}") from None


def _xls_value(cell: Any, datemode: Any) -> Any:
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return xlrd.xldate_as_datetime(cell.value, datemode)
        except (xlrd.xldate.XLDateError, OverflowError, ValueError):
            return cell.value
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(cell.value, "#ERROR!")
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    return "" if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK) else cell.value


def _xls_percents(book: Any, sheet: Any) -> list[tuple[int, int]]:
    forms = (book.format_map[style.format_key].format_str for style in book.xf_list)
    styles = {at for at, form in enumerate(forms) if sheet_xml.shows_percent(form)}
    return [
        (row + 1, column + 1)
        for row in range(sheet.nrows if styles else 0)
        for column, cell in enumerate(sheet.row(row))
        if cell.ctype == xlrd.XL_CELL_NUMBER and cell.xf_index in styles
    ]


def _grid(sheet: _Sheet, layout: Layout, where: str) -> Grid:
    first, last = layout.title_rows, layout.title_rows + layout.head_rows
    if len(sheet.rows) < last:
        raise DeliveryError(f"{where or 'sheet ' + sheet.name}: expected the head in row {last}, got {len(sheet.rows)}")
    head = [[text_of(cell) for cell in row] for row in sheet.rows[first:last]]
    width = max(map(len, [*head, *sheet.rows[last:]]))
    head = [[*row, *[""] * (width - len(row))] for row in head]
    for top, left, bottom, right in sheet.merged:
        for row in range(max(top, first), min(bottom, last - 1) + 1):
            for column in range(left, min(right, width - 1) + 1):
                # Downwards only the top cell counts: levels that say the same are one level.
                across = head[top - first][left] if top >= first else ""
                head[row - first][column] = across if row == top else ""
    rows = sheet.rows[last:]
    columns = [
        pa.array([text_of(row[at]) if at < len(row) else "" for row in rows], pa.string()) for at in range(width)
    ]
    numbers = pa.array(range(last + 1, last + 1 + len(rows)), pa.int32())
    levels = [[level[at] for level in head] for at in range(width)]
    percents: dict[int, list[int]] = {}
    for row_number, column_number in sheet.percents:
        percents.setdefault(column_number - 1, []).append(row_number)
    return Grid(where, levels, last, body(columns, numbers), later=sheet.later, binary=True, percents=percents)


def text_of(value: Any) -> str:
    """A cell's value as text: whole numbers without a point, days as 2023-03-15, what lost digits as 9.14E+17."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, datetime):
        day = value.date().isoformat()
        return day if value.time() == time() else f"{day} {value.time().isoformat(timespec='seconds')}"
    if isinstance(value, date | time | timedelta):
        return str(value)
    return "" if value is None else str(value)


def _number(value: float) -> str:
    if math.isfinite(value) and value == int(value) and abs(value) < EXACT:
        return str(int(value))
    spelled = f"{value:.15g}"  # as a spreadsheet shows it: 0.3, not 0.30000000000000004
    if abs(value) >= EXACT or not re.fullmatch(r"[-0-9.e+]+", spelled):
        return spelled.upper()
    return format(Decimal(spelled), "f")
