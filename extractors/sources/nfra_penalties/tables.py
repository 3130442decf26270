"""HTML tables of penalty pages as grids of text: merged cells are repeated in every place they cover."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

LARGEST_SPAN = 200


@dataclass(slots=True)
class _Cell:
    text: str = ""
    rows: int = 1
    columns: int = 1


@dataclass(slots=True)
class _Table:
    rows: list[list[_Cell]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Collects every table, nested ones by themselves; text belongs to the innermost."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Table] = []
        self._open: list[_Table] = []
        self._cells: list[_Cell | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._open.append(_Table())
            self._cells.append(None)
            self.tables.append(self._open[-1])
        elif self._open and tag == "tr":
            self._open[-1].rows.append([])
            self._cells[-1] = None
        elif self._open and tag in ("td", "th"):
            if not self._open[-1].rows:
                self._open[-1].rows.append([])
            given = dict(attrs)
            cell = _Cell("", _span(given.get("rowspan")), _span(given.get("colspan")))
            self._open[-1].rows[-1].append(cell)
            self._cells[-1] = cell
        elif tag in ("br", "p", "div") and self._cells and (within := self._cells[-1]):
            within.text += "\n"

    def handle_endtag(self, tag: str) -> None:
        if tag == "table" and self._open:
            self._open.pop()
            self._cells.pop()

    def handle_data(self, data: str) -> None:
        if self._cells and (within := self._cells[-1]):
            within.text += data


def _span(value: str | None) -> int:
    return min(int(value), LARGEST_SPAN) if value and value.isdecimal() and int(value) else 1


def tables(html: str) -> list[list[list[str]]]:
    """The tables of a page that have text, as rows of cells."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    grids = (_grid(table) for table in reader.tables)
    return [grid for grid in grids if any(any(row) for row in grid)]


def _grid(table: _Table) -> list[list[str]]:
    """The rows that have text, each as wide as its cells."""
    places: dict[tuple[int, int], str] = {}
    for at, row in enumerate(table.rows):
        column = 0
        for cell in row:
            while (at, column) in places:
                column += 1
            for down in range(min(cell.rows, len(table.rows) - at)):
                for across in range(cell.columns):
                    places[at + down, column + across] = _tidy(cell.text)
            column += cell.columns
    rows = []
    for at in range(len(table.rows)):
        width = max((column for row, column in places if row == at), default=-1) + 1
        rows.append([places.get((at, column), "") for column in range(width)])
    return [row for row in rows if any(row)]


def _tidy(text: str) -> str:
    """Text with blanks as one blank and line breaks as one."""
    lines = (re.sub(r"[ \t\r\f\v\u00a0\u3000]+", " ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
