"""A delivered file as one table of text: the columns that the spec declares, out of whatever the file lays around them.

Nothing is guessed: what is not as declared refuses the file, with its place, what was expected and what came.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import duckdb
import pyarrow as pa

from extractors.core import delimited, workbook
from extractors.core.cells import NULL_WORDS, plain_number, serial_day
from extractors.core.errors import DeliveryError
from extractors.core.grid import Grid, body
from extractors.core.spec import File, Layout, Resource
from extractors.core.sql import literal, quoted, scratch
from extractors.core.unpack import EXPANSION, UNPACKED, TableFile, table_files

_NUMBER = re.compile(r"[-+]?[0-9]{1,20}([.][0-9]{1,18})?")
NOISE = Decimal("1e-9")
_UNIT = re.compile(r"(.+?)[(（]([^()（）]+)[)）]")


@dataclass(frozen=True, slots=True)
class TableRead:
    """The rows of a file as they stand in it, without natural persons' data.

    `table`: the declared columns that are kept, units among them, as trimmed text; `_row` (the row as a person sees
    it), `_where` (the sheet or member, with a comma; empty where there is one) and `_line` (null; for a line with
    another number of fields, what is wrong with it). `skipped`: how many lines were taken for a `note` or a `total`.
    """

    table: pa.Table
    warnings: list[str] = field(default_factory=list)
    encoding: str | None = None
    skipped: Counter[str] = field(default_factory=Counter)


def read(name: str, content: bytes, resource: Resource, sender: str) -> TableRead:
    """Read a file that `sender` delivered under `name`; raise `DeliveryError` where it is not as declared."""
    file = resource.file
    assert file is not None
    layout = file.layouts.get(sender, file.layout)
    found, encodings = [], set()
    for inner in table_files(name, content, list(file.formats), file.max_bytes):
        for grid, encoding in _grids(inner, file, layout):
            found.append(_Table(grid, resource, layout).read())
            encodings |= {encoding} if encoding else set()
    return TableRead(
        pa.concat_tables(one.table for one in found),
        list(dict.fromkeys(warning for one in found for warning in one.warnings)),
        " + ".join(sorted(encodings)) or None,
        sum((one.skipped for one in found), Counter()),
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
        self._skipped: Counter[str] = Counter()

    def read(self) -> TableRead:
        """The data rows, and what should be looked at."""
        found = self._columns()
        with scratch() as con:
            con.register("body", self._grid.body)
            con.register("short_body", self._short_lines())
            firsts = f"*, coalesce({', '.join(self._all)}) as first, ({self._filled()}) as filled"
            for name, source in (("lines", "body"), ("short_lines", "short_body")):
                kinds = f"select *, {self._kind(found)} as kind from (select {firsts} from {source})"
                # Kept, for all that follows asks it: planning the kinds takes longer than reading a small file.
                con.execute(f"create temp table {name} as {kinds}")
            con.execute("create temp view data as from lines where kind = 'data'")
            kept = {column.name: column for column in found if not self._resource.columns[column.name].personal}
            lines = self._bad_lines(con)
            skipped = con.execute(
                "select kind, count(*) from (select kind from lines union all select kind from short_lines) "
                "where kind in ('note', 'total') group by kind"
            ).fetchall()
            self._skipped.update(dict(skipped))
            self._refuse_percents(con, kept)
            self._check_totals(con, kept, unread=bool(lines))
            table = con.sql(f"select {self._texts(kept)}, null::varchar as _line, _row from data").to_arrow_table()
        return TableRead(self._joined(table, lines), self._warnings, skipped=self._skipped)

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
                raise DeliveryError(
                    self._at_head(
                        f"{head}: expected its unit in the head, such as {head}（{columns[name].head_units[0]}）"
                    )
                )
            return _Found(at, name)
        match = _UNIT.fullmatch(head) if self._layout.units_in_head else None
        name = spelled.get(_folded(match[1])) if match else None
        if match and name and columns[name].unit == "head":
            unit, allowed = unicodedata.normalize("NFKC", match[2]), columns[name].head_units
            if unit not in allowed:
                raise DeliveryError(self._at_head(f"{name}: expected the unit {' or '.join(allowed)}, got {unit}"))
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

    def _filled(self) -> str:
        """SQL: how many cells of a line are filled."""
        return " + ".join(f"({name} is not null)::integer" for name in self._all)

    def _kind(self, found: Sequence[_Found]) -> str:
        """SQL: what a line is: blank, a note, totals or data.

        A note has one cell, or stands where no required column is. Totals leave the key empty; in a required column
        stands the word itself, for a name may begin like it.
        """
        layout, key = self._layout, self._resource.key
        needed = [(f'"{column.at}"', column.name in key) for column in found if column.name in self._resource.required]
        none = " and ".join(f"{cell} is null" for cell, _ in needed)
        word = literal(f"({'|'.join(map(re.escape, layout.total_rows))})[:：]?")
        free = " and ".join(
            f"({cell} is null or regexp_full_match({cell}, {word})"
            + ("" if is_key else f" or not {_begins(layout.total_rows, cell)}")
            + ")"
            for cell, is_key in needed
        )
        return f"""case
            when first is null then 'blank'
            when {_begins(layout.note_rows)} and (filled = 1 or ("0" is not null and {none})) then 'note'
            when {_begins(layout.total_rows)} and {free} then 'total'
            else 'data' end"""

    def _short_lines(self) -> pa.Table:
        """The lines with another number of fields, filled up; of one that has too many only that it is there."""
        width = len(self._all)
        rows = [[cell.strip() or None for cell in line.fields] for line in self._grid.bad_lines]
        fitting = [[*row, *[None] * width][:width] if not any(row[width:]) else ["?"] * width for row in rows]
        columns = [pa.array([row[at] for row in fitting], pa.string()) for at in range(width)]
        return body(columns, pa.array([line.row for line in self._grid.bad_lines], pa.int32()))

    def _bad_lines(self, con: duckdb.DuckDBPyConnection) -> list[tuple[int, str]]:
        """Lines with another number of fields that are meant as data."""
        data = {row for (row,) in con.execute("select _row from short_lines where kind = 'data'").fetchall()}
        expected = f"expected {len(self._all)} fields, got"
        return [(line.row, f"{expected} {len(line.fields)}") for line in self._grid.bad_lines if line.row in data]

    def _refuse_percents(self, con: duckdb.DuckDBPyConnection, kept: dict[str, _Found]) -> None:
        """Refuse 40 % under a head with （%）: stored is 0.4, which would be read as 0.4 %."""
        for column in kept.values():
            rows = self._grid.percents.get(column.at, []) if column.unit else []
            if not rows:
                continue
            at = con.execute("select min(_row) from data where list_contains(?, _row)", [rows]).fetchall()[0][0]
            if at is not None:
                raise DeliveryError(
                    f"{self._grid.prefix}row {at}, {column.name}: expected a plain number of {column.unit}, got a cell "
                    "with a percent format, of which a hundredth is stored: format the column as a number"
                )

    def _check_totals(self, con: duckdb.DuckDBPyConnection, kept: dict[str, _Found], *, unread: bool) -> None:
        """Refuse a file whose totals are not the sums of its rows. `unread`: some row could not be read."""
        totals = con.sql(
            """select * from lines where kind = 'total'
            union all by name select * from short_lines where kind = 'total' order by _row"""
        ).to_arrow_table()
        numbers = [c for c in kept.values() if self._resource.columns[c.name].type in ("integer", "decimal")]
        for total in totals.to_pylist():
            for column in numbers:
                text = total[str(column.at)]
                place = f"{self._grid.prefix}row {total['_row']}, {column.name}"
                if (stated := _decimal(text)) is not None:
                    self._check_total(con, column, stated, place, unread=unread)
                elif text and text not in NULL_WORDS and not text.startswith(tuple(self._layout.total_rows)):
                    self._warnings.append(
                        f'{place}: the total could not be checked: expected a number, got "{text[:80]}"'
                    )

    def _check_total(
        self, con: duckdb.DuckDBPyConnection, column: _Found, stated: Decimal, place: str, *, unread: bool
    ) -> None:
        cell = quoted(str(column.at))
        number = f"try_cast({plain_number(cell)} as decimal(28, 8))"
        odd, total = con.execute(
            f"""select
                count(*) filter ({number} is null and {cell} not in ({", ".join(map(literal, NULL_WORDS))})),
                coalesce(sum({number}), 0)
            from data"""
        ).fetchall()[0]
        # The same to the last digit that the total states; a workbook's sum has the noise of its binary numbers.
        allowed = Decimal(1).scaleb(int(stated.as_tuple().exponent)) / 2
        if self._grid.binary:
            allowed = max(allowed, NOISE * abs(total))
        if odd or unread:
            self._warnings.append(f"{place}: the total could not be checked, for not every row could be read")
        elif abs(total - stated) > allowed:
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


def _begins(words: list[str], cell: str = "first") -> str:
    tests = " or ".join(f"starts_with({cell}, {literal(word)})" for word in words)
    return f"coalesce({tests}, false)" if tests else "false"


def _decimal(text: str | None) -> Decimal | None:
    plain = unicodedata.normalize("NFKC", text or "").replace(",", "").strip()
    return Decimal(plain) if _NUMBER.fullmatch(plain) else None


def _squeezed(text: str) -> str:
    return re.sub(r"[\s\u200b\ufeff]+", "", text)


def _folded(text: str) -> str:
    """A head as it is compared: brackets, letters and digits half-width, no blanks, no case."""
    return _squeezed(unicodedata.normalize("NFKC", text)).casefold()
