"""A delivered file as one table of text: the columns that the spec declares, out of whatever the file lays around them.

Nothing is guessed: what is not as declared refuses the file, with its place, what was expected and what came.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import duckdb
import pyarrow as pa

from extractors.core import delimited, workbook
from extractors.core.cells import NULL_WORDS, plain_number, serial_day
from extractors.core.errors import DeliveryError
from extractors.core.grid import Grid
from extractors.core.spec import File, Layout, Resource
from extractors.core.sql import literal, quoted, scratch
from extractors.core.unpack import EXPANSION, UNPACKED, TableFile, table_files

_NUMBER = re.compile(r"[-+]?[0-9]{1,20}([.][0-9]{1,18})?")
_UNIT = re.compile(r"(.+?)[(（]([^()（）]+)[)）]")


@dataclass(frozen=True, slots=True)
class TableRead:
    """The rows of a file as they stand in it, without natural persons' data.

    `table`: the declared columns that are kept, units among them, as trimmed text; `_row` (the row as a person sees
    it), `_where` (the sheet or member, with a comma; empty where there is one) and `_line` (null; for a line with
    another number of fields, what is wrong with it).
    """

    table: pa.Table
    warnings: list[str] = field(default_factory=list)
    encoding: str | None = None


def read(name: str, content: bytes, resource: Resource, sender: str) -> TableRead:
    """Read a file that `sender` delivered under `name`; raise `DeliveryError` where it is not as declared."""
    file = resource.file
    assert file is not None
    layout = file.layouts.get(sender, file.layout)
    tables, warnings, encodings = [], [], []
    for inner in table_files(name, content, list(file.formats), file.max_bytes):
        for grid, encoding in _grids(inner, file, layout):
            table, warned = _Table(grid, resource, layout).read()
            tables.append(table)
            warnings += warned
            encodings += [encoding] if encoding else []
    return TableRead(
        pa.concat_tables(tables), list(dict.fromkeys(warnings)), " + ".join(sorted(set(encodings))) or None
    )


def _grids(file: TableFile, spec: File, layout: Layout) -> Iterator[tuple[Grid, str | None]]:
    if file.format == "csv":
        text, encoding = delimited.decoded(file.content, list(spec.encodings), f"{file.name}, " if file.name else "")
        yield delimited.grid(text, spec, layout, file.name), encoding
    else:
        limit = min(UNPACKED, EXPANSION * spec.max_bytes)
        for grid in workbook.grids(file, layout, limit):
            yield grid, None


@dataclass(frozen=True, slots=True)
class _Found:
    """A column of the file that is one of ours."""

    at: int
    name: str
    unit: str | None = None


class _Table:
    """One grid on its way to a table."""

    def __init__(self, grid: Grid, resource: Resource, layout: Layout) -> None:
        self._grid, self._resource, self._layout = grid, resource, layout
        self._all = [quoted(name) for name in grid.body.column_names if name != "_row"]
        self._warnings: list[str] = []

    def read(self) -> tuple[pa.Table, list[str]]:
        """The data rows, and what should be looked at."""
        found = self._columns()
        with scratch() as con:
            con.register("body", self._grid.body)
            con.execute(f"create temp view lines as select *, coalesce({', '.join(self._all)}) as first from body")
            kept = {column.name: column for column in found if not self._resource.columns[column.name].personal}
            con.execute(f"create temp view data as from lines where {self._is_data(found)}")
            lines = self._bad_lines(con)
            self._check_totals(con, kept)
            table = con.sql(f"select {self._texts(kept)}, null::varchar as _line, _row from data").to_arrow_table()
        return self._joined(table, lines), self._warnings

    # -- the head ---------------------------------------------------------------------------------------------------

    def _columns(self) -> list[_Found]:
        """Which column of the file is which of ours; refuse what is missing or there twice."""
        found: dict[str, _Found] = {}
        unknown = []
        heads = ["/".join(dict.fromkeys(filter(None, map(_squeezed, levels)))) for levels in self._grid.head]
        for at, head in enumerate(heads):
            column = self._column(at, head)
            if column is None:
                unknown.append(head or f"(column {at + 1}, which has no head)")
            elif column.name in found:
                raise DeliveryError(
                    self._at_head(f"two columns are {column.name}: {heads[found[column.name].at]}, {head}")
                )
            else:
                found[column.name] = column
        missing = [name for name in self._resource.columns if name in self._resource.required and name not in found]
        if missing:
            raise DeliveryError(self._at_head(f"expected {', '.join(missing)}, got {self._shown(heads, bool(found))}"))
        for head in unknown:
            if head.startswith("(column") and self._is_empty(heads.index("")):
                continue
            self._warnings.append(f"{self._grid.prefix}unknown column {head!r}: not loaded; declare it in source.yml")
        return list(found.values())

    def _column(self, at: int, head: str) -> _Found | None:
        spelled, columns = self._spellings(), self._resource.columns
        if name := spelled.get(_folded(head)):
            if columns[name].unit == "head":
                raise DeliveryError(self._at_head(f"{head}: expected its unit in the head, such as {head}（万元）"))
            return _Found(at, name)
        match = _UNIT.fullmatch(head) if self._layout.units_in_head else None
        name = spelled.get(_folded(match[1])) if match else None
        if match and name and columns[name].unit == "head":
            unit, allowed = unicodedata.normalize("NFKC", match[2]), columns[name].units
            if allowed and unit not in map(str.strip, allowed.split("|")):
                raise DeliveryError(self._at_head(f"{name}: expected the unit {allowed}, got {unit}"))
            return _Found(at, name, unit)
        return None

    def _spellings(self) -> dict[str, str]:
        """Every spelling of a head → our column."""
        ours = {_folded(name): name for name in self._resource.columns}
        also = {_folded(word): name for name, column in self._resource.columns.items() for word in column.also}
        own = {_folded(word): name for word, name in self._layout.heads.items()}
        return also | ours | own

    def _shown(self, heads: list[str], is_head: bool) -> str:
        if not is_head and self._resource.personal:
            return f"a line of {len(heads)} cells none of which is a declared head"  # it may be somebody's data
        return f"the heads {', '.join(head or '(empty)' for head in heads)}"

    def _at_head(self, message: str) -> str:
        return f"{self._grid.prefix}row {self._grid.head_row} (head): {message}"

    def _is_empty(self, at: int) -> bool:
        column = self._grid.body.column(at)
        return bool(column.null_count == len(column))

    # -- the lines --------------------------------------------------------------------------------------------------

    def _is_data(self, found: Sequence[_Found]) -> str:
        """SQL: neither blank nor totals nor a note. A note leaves a column empty that every row must fill."""
        needed = [f'"{column.at}" is null' for column in found if column.name in self._resource.required]
        note = f"({_begins(self._layout.note_rows)} and ({' or '.join(needed)}))"
        return f"first is not null and not {note} and not {_begins(self._layout.total_rows)}"

    def _bad_lines(self, con: duckdb.DuckDBPyConnection) -> list[tuple[int, str]]:
        """Lines with another number of fields that are meant as data; totals among them are taken as they are."""
        width, lines, totals = len(self._all), [], []
        for line in self._grid.bad_lines:
            cells = [cell.strip() for cell in line.fields]
            first = next(filter(None, cells), "")
            if not first or first.startswith(tuple(self._layout.note_rows)):
                continue
            if first.startswith(tuple(self._layout.total_rows)) and len(cells) <= width:
                totals.append([*(cell or None for cell in cells), *[None] * (width - len(cells)), line.row, first])
            else:
                lines.append((line.row, f"expected {width} fields, got {len(cells)}"))
        names = [*self._grid.body.column_names, "first"]
        types = [pa.int32() if name == "_row" else pa.string() for name in names]
        columns = zip(*totals, strict=True) if totals else [()] * len(names)
        arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
        con.register("short_totals", pa.Table.from_arrays(arrays, names=names))
        return lines

    def _check_totals(self, con: duckdb.DuckDBPyConnection, kept: dict[str, _Found]) -> None:
        """Refuse a file whose totals are not the sums of its rows."""
        if not self._layout.total_rows:
            return
        totals = con.sql(
            f"""select * exclude (first) from lines where {_begins(self._layout.total_rows)}
            union all by name select * exclude (first) from short_totals order by _row"""
        ).to_arrow_table()
        numbers = [c for c in kept.values() if self._resource.columns[c.name].type in ("integer", "decimal")]
        for total in totals.to_pylist():
            for column in numbers:
                text = total[str(column.at)]
                place = f"{self._grid.prefix}row {total['_row']}, {column.name}"
                if (stated := _decimal(text)) is not None:
                    self._check_total(con, column, stated, place)
                elif text and text not in NULL_WORDS:
                    self._warnings.append(
                        f'{place}: the total could not be checked: expected a number, got "{text[:80]}"'
                    )

    def _check_total(self, con: duckdb.DuckDBPyConnection, column: _Found, stated: Decimal, place: str) -> None:
        number = f"try_cast({plain_number(quoted(str(column.at)))} as decimal(28, 8))"
        unread, total = con.sql(
            f"""select count(*) filter ("{column.at}" is not null and {number} is null), coalesce(sum({number}), 0)
            from data"""
        ).fetchall()[0]
        if unread or self._grid.bad_lines:
            self._warnings.append(f"{place}: the total could not be checked, for not every row could be read")
        # The same to the last digit that the total states.
        elif abs(total - stated) * 2 > Decimal(1).scaleb(int(stated.as_tuple().exponent)):
            raise DeliveryError(f"{place}: expected the sum of the rows, {total.normalize():f}, got {stated:f}")

    def _texts(self, kept: dict[str, _Found]) -> str:
        texts = []
        for name, column in self._resource.columns.items():
            if column.personal:
                continue
            at = kept.get(name)
            text = quoted(str(at.at)) if at else "null::varchar"
            if column.type == "date" and at:
                text = serial_day(text, self._grid.later)
            texts.append(f"{text} as {quoted(name)}")
            if column.unit == "head":
                unit = literal(at.unit) if at and at.unit else "null::varchar"
                texts.append(f"{unit} as {quoted(name + '_unit')}")
        return ", ".join(texts)

    def _joined(self, table: pa.Table, lines: list[tuple[int, str]]) -> pa.Table:
        """With the bad lines at their places, and where the table stands."""
        if lines:
            rows, faults = zip(*lines, strict=True)
            more = pa.table({"_line": pa.array(faults, pa.string()), "_row": pa.array(rows, pa.int32())})
            table = pa.concat_tables([table, more], promote_options="default").sort_by("_row")
        return table.append_column("_where", pa.array([self._grid.prefix] * table.num_rows, pa.string()))


def _begins(words: list[str]) -> str:
    tests = " or ".join(f"starts_with(first, {literal(word)})" for word in words)
    return f"coalesce({tests}, false)" if tests else "false"


def _decimal(text: str | None) -> Decimal | None:
    plain = unicodedata.normalize("NFKC", text or "").replace(",", "").strip()
    return Decimal(plain) if _NUMBER.fullmatch(plain) else None


def _squeezed(text: str) -> str:
    return re.sub(r"[\s\u200b\ufeff]+", "", text)


def _folded(text: str) -> str:
    """A head as it is compared: brackets, letters and digits half-width, no blanks, no case."""
    return _squeezed(unicodedata.normalize("NFKC", text)).casefold()
