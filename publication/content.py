"""What a table says, as one number: the fingerprint behind the release id.

Every row becomes a digest of its facts (all columns but the provenance ones); a table's fingerprint is the
sum of its rows' digests. A sum does not depend on the order of the rows, and a night that changed 1 % of a
table only has to take the old digests out and put the new ones in. The same rows give the same fingerprint on
any machine.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from publication.sql import quoted

# In the text of a row: end of a column, a null, and what stands for these two inside a value.
_SEPARATOR, _NULL = "chr(31)", "chr(30)"
# How a row becomes text. Counted up with every change of it: fingerprints of another encoding say nothing.
ENCODING = "1"
_NESTED = ("STRUCT", "MAP", "UNION", "JSON")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Number of rows and the exact sums of the upper and lower halves of their 128-bit digests."""

    rows: int
    upper: int
    lower: int

    def __add__(self, other: "Fingerprint") -> "Fingerprint":
        return Fingerprint(self.rows + other.rows, self.upper + other.upper, self.lower + other.lower)

    def __sub__(self, other: "Fingerprint") -> "Fingerprint":
        return Fingerprint(self.rows - other.rows, self.upper - other.upper, self.lower - other.lower)

    def __str__(self) -> str:
        return f"{ENCODING}:{self.rows}:{self.upper:x}:{self.lower:x}"

    @classmethod
    def parse(cls, text: str) -> "Fingerprint | None":
        """Read what `str` wrote; `None` when it was of another encoding."""
        encoding, *numbers = text.split(":")
        if encoding != ENCODING:
            return None
        rows, upper, lower = numbers
        return cls(int(rows), int(upper, 16), int(lower, 16))


def fingerprint(connection: duckdb.DuckDBPyConnection, relation: str, facts: Mapping[str, str]) -> Fingerprint:
    """Return the fingerprint of a table expression; `facts`: names and DuckDB types of its fact columns."""
    row = connection.execute(
        f"""
        SELECT
            count(*),
            coalesce(sum(CAST(digest >> 64 AS UBIGINT)), 0),
            coalesce(sum(CAST(digest & 18446744073709551615 AS UBIGINT)), 0)
        FROM (SELECT md5_number({_row_text(facts)}) AS digest FROM {relation})
        """
    ).fetchone()
    assert row is not None
    return Fingerprint(*(int(value) for value in row))


def content_hash(
    table: str,
    types: Mapping[str, str],
    content: Fingerprint,
    kept_back: Mapping[str, str] | None = None,
    row_visibility: str | None = None,
) -> str:
    """Return the SHA-256 of what a table says: its name, its columns with their types, its rows.

    Who may see what belongs to it: `kept_back` holds the classification of the columns that are not public. A night
    that is run again with a stricter one is another release, so that its editions are written anew.
    """
    seen_by = [sorted(kept_back.items()) if kept_back else [], row_visibility] if kept_back or row_visibility else []
    return _sha256([table, list(types.items()), str(content), *seen_by])


def release_id(run_date: date, content_hashes: Mapping[str, str]) -> str:
    """Return `<run_date>-<12 hex digits>` from the content hashes of the tables."""
    return f"{run_date}-{_sha256(sorted(content_hashes.items()))[:12]}"


def _sha256(document: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(document, ensure_ascii=False).encode()).hexdigest()


def _row_text(facts: Mapping[str, str]) -> str:
    """Return the SQL of a row's text: two different rows never share one."""
    return f"concat_ws({_SEPARATOR}, {', '.join(_value_text(name, kind) for name, kind in facts.items())})"


def _value_text(name: str, kind: str) -> str:
    column = quoted(name)
    if kind in ("FLOAT", "DOUBLE"):
        column = f"{column} + 0"  # 0.0 and -0.0 are one number, and one text
    if kind == "BLOB":
        text = f"hex({column})"
    elif kind.endswith("]") or kind.startswith(_NESTED):
        text = f"CAST(to_json({column}) AS VARCHAR)"
    else:
        text = f"CAST({column} AS VARCHAR)"
    if kind.startswith(("VARCHAR", "ENUM")):
        text = f"replace(replace({text}, {_NULL}, {_NULL} || '0'), {_SEPARATOR}, {_NULL} || '1')"
    return f"coalesce({text}, {_NULL})"
