"""A rectangle of texts out of a file, before anybody knows what the columns mean."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

# Blanks of all kinds, and marks that cannot be seen.
BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\u200b\ufeff"


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line with another number of fields than the head."""

    row: int
    fields: list[str]


@dataclass(frozen=True, slots=True)
class Grid:
    """The head and the lines below it of one sheet or text file.

    `where`: how a person finds it, empty where there is only one. `head`: a list of levels for each column, top first.
    `head_row`: the row of its last line. `body`: trimmed texts, null for nothing, in columns `0`, `1` …, and `_row`,
    the number of the row as a person sees it, from 1. `later`: days to add to bare numbers that stand for days.
    `binary`: numbers were binary ones, whose last digits are noise once they are added up. `percents`: the rows of each
    column in which a number is shown as its hundredfold and `%`.
    """

    where: str
    head: list[list[str]]
    head_row: int
    body: pa.Table
    bad_lines: list[BadLine] = field(default_factory=list)
    later: int = 0
    binary: bool = False
    percents: dict[int, list[int]] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """`sheet 再担保公司, `, or nothing."""
        return f"{self.where}, " if self.where else ""


def body(columns: Sequence[pa.Array | pa.ChunkedArray], rows: pa.Array | pa.ChunkedArray) -> pa.Table:
    """The lines of a grid from its columns as read and the numbers of its rows."""
    names = [str(at) for at in range(len(columns))]
    return pa.table([*map(_trimmed, columns), rows], names=[*names, "_row"])


def _trimmed(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    trimmed = pc.utf8_trim(texts, characters=BLANKS)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)
