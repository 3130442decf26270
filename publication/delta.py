"""The difference between two states of a table, row by row, each with its cause.

Used for the delta of a release against the one before, and for comparing any two releases. `release + delta =
next release`: take the keys of the delta out of the older table and put in its added and changed rows.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from publication.catalogue import Table
from publication.sql import columns, dictionaries, literal, quoted

CHANGES = ("added", "changed", "removed")
# Says nothing of its own: it moves when another column does, or when the way it is computed changes.
DERIVED = frozenset({"row_hash"})


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows that differ between two states of one table."""

    added: int = 0
    changed: int = 0
    removed: int = 0

    @property
    def total(self) -> int:
        """All rows that differ."""
        return self.added + self.changed + self.removed


@dataclass(frozen=True, slots=True)
class Span:
    """What a cause is judged by: the run dates of both releases, and whether one code made them."""

    before: date
    after: date
    same_code: bool


def aligned(types: Mapping[str, str], old: str | None, old_types: Mapping[str, str]) -> str:
    """Return the older table in the columns and types of the newer one; what it did not have is null.

    Without an older table (`None`) the result has no rows.
    """
    selected = ", ".join(
        f"TRY_CAST({quoted(name)} AS {kind}) AS {quoted(name)}"
        if name in old_types
        else f"CAST(NULL AS {kind}) AS {quoted(name)}"
        for name, kind in types.items()
    )
    return f"(SELECT {selected} FROM {old})" if old else f"(SELECT {selected} WHERE false)"


def find(connection: duckdb.DuckDBPyConnection, table: Table, old: str, new: str) -> Counts:
    """Put the keys that differ into the temporary table `touched`; return their number.

    Both relations have the same columns and unique keys. Facts are compared by DuckDB's 64-bit hash of a row.
    """
    keys = columns(table.primary_key)
    hashed = f"SELECT {keys}, hash({columns(table.facts)})"
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE touched AS
        SELECT
            {keys},
            CASE WHEN _old IS NULL THEN 'added' WHEN _new IS NULL THEN 'removed' ELSE 'changed' END AS _change
        FROM ({hashed} AS _old FROM {old}) FULL JOIN ({hashed} AS _new FROM {new}) USING ({keys})
        WHERE _old IS DISTINCT FROM _new
        """
    )
    found = dict(connection.execute("SELECT _change, count(*) FROM touched GROUP BY ALL").fetchall())
    return Counts(**{change: found.get(change, 0) for change in CHANGES})


def gather(connection: duckdb.DuckDBPyConnection, table: Table, old: str, new: str) -> None:
    """Put the rows of the keys that `find` left into the temporary tables `old_rows` and `new_rows`."""
    for name, relation in (("old_rows", old), ("new_rows", new)):
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS "
            f"SELECT side.* FROM {relation} AS side SEMI JOIN touched USING ({columns(table.primary_key)})"
        )


def rows(table: Table, span: Span) -> str:
    """Return the query of the delta that `gather` left: `_change`, `_cause`, `_previous` and all columns.

    Added and changed rows hold the new values, removed rows the last ones. `_previous` is JSON: the former
    values of the columns that changed.
    """
    keys = columns(table.primary_key)
    values = ", ".join(
        f"CASE WHEN _change = 'removed' THEN {quoted('o', column.name)} ELSE {quoted('n', column.name)} END "
        f"AS {quoted(column.name)}"
        for column in table.columns
        if column.name not in table.primary_key
    )
    return f"""
        SELECT {columns([column.name for column in table.columns])}, _change, _cause, _previous FROM (
            SELECT _change, {_cause(table, span)} AS _cause, {_previous(table)} AS _previous, {keys}, {values}
            FROM touched LEFT JOIN new_rows AS n USING ({keys}) LEFT JOIN old_rows AS o USING ({keys})
        ) ORDER BY {keys}
        """


def causes(connection: duckdb.DuckDBPyConnection, delta: str) -> dict[str, int]:
    """Count the rows of a written delta by cause."""
    return dict(connection.execute(f"SELECT _cause, count(*) FROM {delta} GROUP BY ALL ORDER BY ALL").fetchall())


def sample(connection: duckdb.DuckDBPyConnection, delta: str, count: int) -> list[dict[str, object]]:
    """Return up to `count` rows of each kind of change."""
    return [
        row
        for change in CHANGES
        for row in dictionaries(connection, f"SELECT * FROM {delta} WHERE _change = '{change}' LIMIT {count:d}")
    ]


def _cause(table: Table, span: Span) -> str:
    """Return the SQL that says why a row differs; the first rule that holds decides.

    source: its record, or the end of its validity, is newer than the older release. identity: nothing but its
    organization moved. code: the code did. Under one and the same code what is left is: an organization that
    identity made or dissolved, a removal or a row about the run itself (source), a later attempt of the same
    night (source), a new verdict on the newest version (source), or a correction of the past.
    """
    names = {column.name for column in table.columns}
    before, after = f"DATE {literal(span.before)}", f"DATE {literal(span.after)}"
    rules: list[tuple[str, str]] = []
    if "as_of" in names:
        rules.append((f"_change <> 'removed' AND n.as_of > {before}", "source"))
    if "valid_to" in names:
        rules.append(
            (
                f"n.valid_to IS DISTINCT FROM o.valid_to AND n.valid_to > {before} AND n.valid_to <= {after}",
                "source",
            )
        )
    if "organization_id" in names:
        rules.append((_only_differs(table, "organization_id"), "identity"))
    if not span.same_code:
        rules.append(("true", "code"))
    if "organization_id" in table.primary_key:
        rules.append(("_change <> 'changed'", "identity"))
    if span.after > span.before:
        rules.append(("_change = 'removed'", "source"))
    rules.append((f"_change <> 'removed' AND n.as_of = {after}" if "as_of" in names else "true", "source"))
    if "dq_status" in names:
        rules.append((_only_differs(table, "dq_status"), "source"))
    return "CASE " + " ".join(f"WHEN {test} THEN '{cause}'" for test, cause in rules) + " ELSE 'correction' END"


def _business(table: Table) -> list[str]:
    return [name for name in table.facts if name not in table.primary_key and name not in DERIVED]


def _differs(name: str) -> str:
    return f"{quoted('n', name)} IS DISTINCT FROM {quoted('o', name)}"


def _only_differs(table: Table, name: str) -> str:
    same = [f"NOT ({_differs(other)})" for other in _business(table) if other != name]
    return " AND ".join(["_change = 'changed'", *same])


def _previous(table: Table) -> str:
    """Return the SQL of the former values of a changed row, as JSON in the order of the columns."""
    members = ["NULL"] + [
        f"CASE WHEN {_differs(name)} THEN {literal(json.dumps(name) + ':')} || "
        f"coalesce(CAST(to_json({quoted('o', name)}) AS VARCHAR), 'null') END"
        for name in _business(table)
    ]
    return f"CASE WHEN _change = 'changed' THEN '{{' || concat_ws(',', {', '.join(members)}) || '}}' END"
