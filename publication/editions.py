"""What others may see of a release: the editions `public` and `partner`, derived from the full one by projection.

Each lies in `editions/<edition>/` of the release and can be handed out as it is. A column is in it when its
classification is; a table when its whole key is; a row of a table with `row_visibility` when the column of that name
says so. All else, the deltas first of all, is computed from what is left, against the same edition of the base: what
an edition does not show cannot come through in it.

Values that move with hidden ones would tell of them. So where a table lost columns it has no `row_hash`, and a row
that otherwise says what it said in the base keeps its `as_of` and its provenance. The gate's findings speak of the
full release and stay there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from publication import database, delta, documents, files, report
from publication.base import Base, BaseTable
from publication.catalogue import CLASSIFICATIONS, INTERNAL, Table
from publication.database import DATABASE, Said
from publication.errors import PublicationError
from publication.sql import columns, literal, parquet, quoted
from publication.tables import Comparison, Written, keep, write_table

FOLDER = "editions"
LESSER = CLASSIFICATIONS[:-1]
# Says of itself only when the source was first seen to say the rest.
_SEEN = "as_of"


def path_of(release: Path, edition: str) -> Path:
    """Return the directory of an edition of a release; raise `PublicationError` when the release has none."""
    if edition == INTERNAL:
        return release
    path = release / FOLDER / edition
    if not path.is_dir():
        raise PublicationError(
            f"release {release.name} has no {edition} edition: it was written before there were any\n"
            "  next: ask a newer release"
        )
    return path


def visible(edition: str) -> tuple[str, ...]:
    """Return the classifications that an edition shows."""
    return CLASSIFICATIONS[: CLASSIFICATIONS.index(edition) + 1]


def shown(table: Table, edition: str) -> Table | None:
    """Return a table as an edition shows it, `None` when it does not."""
    kept = tuple(column for column in table.columns if column.classification in visible(edition))
    if len(kept) < len(table.columns):
        kept = tuple(column for column in kept if column.name not in delta.DERIVED)
    names = {column.name for column in kept}
    if not names.issuperset(table.primary_key):
        return None
    return replace(table, columns=kept, row_visibility=table.row_visibility if table.row_visibility in names else None)


def write(
    connection: duckdb.DuckDBPyConnection,
    written: Sequence[Written],
    directory: Path,
    identity: Mapping[str, str],
    comparison: Comparison | None,
    inputs: Sequence[Mapping[str, Any]],
    limits: tuple[int | None, str | None],
) -> None:
    """Write all lesser editions of the candidate in `directory`, whose tables are `written`, into it.

    `limits`: threads and memory of DuckDB. The rest is as for the candidate itself.
    """
    begun = []
    for name in LESSER:
        edition = _Edition(connection, name, directory, comparison)
        begun.append((edition, edition.write_tables(written, identity)))
    database.write_apart([edition.target for edition, _ in begun], *limits)
    for edition, part in begun:
        edition.describe(part, identity, inputs)


@dataclass(frozen=True, slots=True)
class _Part:
    """The tables of an edition and what they say; `digests`: SHA-256 of the files so far."""

    written: list[Written]
    base: Base | None
    said: Said
    digests: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Edition:
    """One edition on its way into the candidate `release`; `full` is what the full edition is compared with."""

    connection: duckdb.DuckDBPyConnection
    name: str
    release: Path
    full: Comparison | None

    @property
    def target(self) -> Path:
        return self.release / FOLDER / self.name

    def write_tables(self, written: Sequence[Written], identity: Mapping[str, str]) -> _Part:
        """Write tables, deltas and `datapackage.json`: all that the database file is made of."""
        self.target.mkdir(parents=True)
        comparison = self._comparison()
        entries = [
            self._table(entry, table, comparison) for entry in written if (table := shown(entry.table, self.name))
        ]
        said = _heard(database.said(self.connection, [entry.table for entry in entries], self.target))
        digests = files.digests(self.target)
        documents.write_package(self.target, {**identity, "edition": self.name}, entries, said, digests)
        return _Part(entries, comparison.base if comparison else None, said, digests)

    def describe(self, part: _Part, identity: Mapping[str, str], inputs: Sequence[Mapping[str, Any]]) -> None:
        """Write `release.json`, the report and `CHECKSUMS`: from here on nothing changes."""
        digests = {**part.digests, DATABASE: files.sha256(self.target / DATABASE)}
        documents.write_release(
            self.target,
            {**identity, "edition": self.name},
            part.written,
            part.base,
            part.said,
            _inputs(inputs, part.said),
            digests,
        )
        report.write(self.target, self.connection)
        digests |= {name: files.sha256(self.target / name) for name in ("release.json", report.REPORT)}
        files.write(self.target / files.CHECKSUMS, files.checksums_text(digests).encode())

    def _comparison(self) -> Comparison | None:
        """Return the same edition of the base, `None` when the base has none."""
        if self.full is None:
            return None
        folder = f"{FOLDER}/{self.name}"
        if not any(path.startswith(f"{folder}/") for path in self.full.base.checksums):
            return None
        self.full.base.file(f"{folder}/{files.CHECKSUMS}")
        return replace(self.full, base=Base.read(self.full.base.path / folder))

    def _table(self, full: Written, table: Table, comparison: Comparison | None) -> Written:
        """Write one table as the edition shows it, with its delta."""
        if table == full.table and table.row_visibility is None and self._as_in_full(table, comparison):
            files.share(self.release / table.path, self.target / table.path)
            if comparison is None:
                return Written(table, full.content)
            files.share(self.release / table.delta_path, self.target / table.delta_path)
            return full
        before = comparison.base.table(self.connection, table.full_name) if comparison else None
        if before and not before.has_key(table, table.types):
            before = None
        comparable = before and self._projected_as_now(full)
        if comparison and before and comparable and full.kept:  # what says the same in full says the same here
            same = keep(table, before, comparison.base, self.target)
            if same:
                return same
        rows = self._rows(full.table, table)
        if before and len(table.columns) < len(full.table.columns):
            rows = self._steady(rows, table, before)
        touched = parquet(self.release / full.table.delta_path) if comparable else None
        return write_table(self.connection, table, rows, self.target, comparison, touched)

    def _as_in_full(self, table: Table, comparison: Comparison | None) -> bool:
        """Whether the bases of both editions say the same of a table that both show alike."""
        if comparison is None or self.full is None:
            return True
        was, is_now = (
            side.base.document["tables"].get(table.full_name, {}).get("content_sha256")
            for side in (self.full, comparison)
        )
        return bool(was == is_now)

    def _projected_as_now(self, full: Written) -> bool:
        """Whether the base showed the same part of a table: only what changed in full can have changed in it then."""
        base = self.full.base.tables.get(full.table.full_name) if self.full and not full.rebuilt else None
        return base is not None and _rules(base) == _rules(full.table)

    def _rows(self, full: Table, table: Table) -> str:
        """Return the table expression of the rows and columns the edition shows."""
        where = "true"
        if full.row_visibility:
            values = ", ".join(literal(value) for value in visible(self.name))
            where = f"CAST({quoted(full.row_visibility)} AS VARCHAR) IN ({values})"
        return f"(SELECT {columns(table.types)} FROM {parquet(self.release / full.path)} WHERE {where})"

    def _steady(self, rows: str, table: Table, before: BaseTable) -> str:
        """Return the rows with the base's `as_of` and provenance wherever all else is as it was."""
        moving = {column.name for column in table.columns if column.provenance or column.name == _SEEN}
        moving &= before.types.keys() - set(table.primary_key)
        old = delta.aligned(table.types, before.relation, before.types)
        same = [f"{quoted('o', '_there')}"] + [
            f"{quoted('n', name)} IS NOT DISTINCT FROM {quoted('o', name)}"
            for name in table.facts
            if name not in moving and name not in table.primary_key
        ]
        values = ", ".join(
            f"CASE WHEN _same THEN {quoted('o', name)} ELSE {quoted('n', name)} END AS {quoted(name)}"
            if name in moving
            else f"{quoted('n', name)} AS {quoted(name)}"
            for name in table.types
        )
        self.connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE steady AS
            SELECT {values}
            FROM {rows} AS n
            LEFT JOIN (SELECT *, true AS _there FROM {old}) AS o USING ({columns(table.primary_key)}),
            LATERAL (SELECT coalesce({" AND ".join(same)}, false) AS _same)
            """
        )
        return "steady"


def _rules(table: Table) -> tuple[object, ...]:
    """What decides which part of a table an edition shows."""
    shape = tuple((column.name, column.type, column.classification, column.provenance) for column in table.columns)
    return table.primary_key, table.row_visibility, shape


def _heard(said: Said) -> Said:
    """Keep of sources and ledger the sources that stand behind a row of the edition."""
    behind = set().union(*said.contributors.values())
    return replace(
        said,
        sources=[row for row in said.sources if row.get("source_id") in behind],
        ledger=[row for row in said.ledger if row.get("source_id") in behind],
    )


def _inputs(inputs: Sequence[Mapping[str, Any]], said: Said) -> list[dict[str, Any]]:
    """Name the snapshots of the sources shown, without hashes: those are of whole answers."""
    listed = {(row.get("source_id"), row.get("resource")) for row in said.sources}
    return [
        {name: entry[name] for name in ("source", "resource", "run_date") if name in entry}
        for entry in inputs
        if (entry.get("source"), entry.get("resource")) in listed
    ]
