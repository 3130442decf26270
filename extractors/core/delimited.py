"""CSV files as grids of text: strictly decoded, every line accounted for."""

import csv
import io
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from extractors.core.errors import DeliveryError
from extractors.core.grid import BadLine, Grid, body
from extractors.core.spec import File, Layout

WIDEST = 1000
HEAD = 2**20  # characters within which the head must end
csv.field_size_limit(2**31 - 1)  # files are bounded, fields need not be; the default is 131,072 characters
# What a wrong decoding, somewhere on the way to us, has left in the text.
_RUINED = {"\ufffd": "U+FFFD", "锟斤拷": "锟斤拷", "ï¿½": "ï¿½", "\0": "a zero byte"}


def decoded(content: bytes, encodings: list[str], where: str) -> tuple[str, str]:
    """The text and the encoding it is in: the first of the declared ones that reads every byte."""
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            last = error
            continue
        for mark, name in _RUINED.items():
            if (at := text.find(mark)) >= 0:
                line = text.count("\n", 0, at) + 1
                raise DeliveryError(
                    f"{where}line {line}: holds {name}: the text was decoded wrongly before it was sent, or is no text"
                )
        return text, encoding
    line = content.count(b"\n", 0, last.start) + 1
    raise DeliveryError(f"{where}line {line}: expected text in {' or '.join(encodings)}, got other bytes")


def grid(text: str, file: File, layout: Layout, where: str) -> Grid:
    """The table in a text; raise `DeliveryError` where its lines cannot be told apart."""
    lines = _Lines(text[:HEAD])
    reader = csv.reader(lines, delimiter=file.delimiter, strict=True)
    last = layout.title_rows + layout.head_rows
    prefix = f"{where}, " if where else ""
    try:
        records = [record for _, record in zip(range(last), reader, strict=False)]
    except csv.Error as error:
        raise DeliveryError(f"{prefix}line {reader.line_num}: {error}") from None
    head = records[layout.title_rows :]
    if len(records) < last or not any(map(any, head)):
        raise DeliveryError(f"{prefix}expected the head in row {last}, got {len(records)} line(s)")
    width = max(map(len, head))
    if width > WIDEST:
        raise DeliveryError(f"{prefix}the head has {width} columns, at most {WIDEST} are taken")
    levels = [[row[at] if at < len(row) else "" for row in head] for at in range(width)]
    table, bad = _table(text[lines.consumed :], width, file.delimiter, last, prefix)
    return Grid(where, levels, last, table, bad)


class _Lines:
    """Lines of a text, and how much of it was given out."""

    def __init__(self, text: str) -> None:
        self._buffer, self.consumed = io.StringIO(text, newline=""), 0

    def __iter__(self) -> Iterator[str]:
        for line in self._buffer:
            self.consumed += len(line)
            yield line


def _table(text: str, width: int, delimiter: str, before: int, prefix: str) -> tuple[pa.Table, list[BadLine]]:
    """The lines after the first `before`: those of the right width, and the others."""
    bad: list[BadLine] = []
    unclosed: list[int] = []
    names = [str(at) for at in range(width)]

    def other(row: arrow_csv.InvalidRow) -> str:
        fields = _fields(row.text, width, delimiter)
        if fields is None:
            unclosed.append(before + row.number)
        else:
            bad.append(BadLine(before + row.number, fields))
        return "skip"

    if not text:
        return body([pa.array([], pa.string())] * width, pa.array([], pa.int32())), []
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(text.encode()),
            # One thread, for only so are lines counted; a block for all, for a line may be of any length.
            arrow_csv.ReadOptions(
                use_threads=False, column_names=names, block_size=max(2**20, min(len(text) * 4, 2**30))
            ),
            arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=other
            ),
            arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:  # whose words quote the line, and whoever stands in it
        raise DeliveryError(f"{prefix}not readable as CSV: its lines and fields cannot be told apart") from None
    if unclosed:
        raise DeliveryError(f"{prefix}row {unclosed[0]}: a quotation mark is opened and not closed")
    numbers = np.arange(1, table.num_rows + len(bad) + 1)
    numbers = before + np.delete(numbers, [line.row - before - 1 for line in bad])
    rows = pa.array(numbers, pa.int32())
    if '"' in text:
        _refuse_swallowed(table, rows, width, delimiter, prefix)
    return body(table.columns, rows), bad


def _fields(text: str, width: int, delimiter: str) -> list[str] | None:
    """The fields of a line with another number of them; None where a stray quotation mark has made it of many lines."""
    several = "\n" in text or "\r" in text
    try:
        fields = next(csv.reader([text], delimiter=delimiter, strict=several), [])
    except csv.Error:
        return None
    broken = [field for field in fields if "\n" in field or "\r" in field]
    return None if any(field.count(delimiter) >= max(width - 1, 1) for field in broken) else fields


def _refuse_swallowed(table: pa.Table, rows: pa.Array, width: int, delimiter: str, prefix: str) -> None:
    """A stray quotation mark makes one cell of many lines; nobody writes such a cell on purpose."""
    for column in table.columns if width > 1 else []:
        lines = pc.or_(pc.match_substring(column, "\n"), pc.match_substring(column, "\r"))
        if pc.any(lines).as_py():
            fields = pc.count_substring(column, delimiter)
            swallowed = pc.and_(lines, pc.greater_equal(fields, width - 1))
            if pc.any(swallowed).as_py():
                at = pc.index(swallowed.combine_chunks(), True).as_py()
                raise DeliveryError(f"{prefix}row {rows[at].as_py()}: a quotation mark is opened and not closed")
