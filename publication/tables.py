"""One table of a release or edition: its Parquet file, its delta against the base, what it says as a number."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from publication import content, delta, files
from publication.base import Base, BaseTable
from publication.catalogue import PUBLIC, Table
from publication.content import Fingerprint
from publication.errors import PublicationError
from publication.sql import columns, described, literal, parquet

# A dictionary over ids, hashes and addresses saves nothing: giving up on it early writes a fifth faster.
PARQUET = "FORMAT parquet, COMPRESSION zstd, DICTIONARY_SIZE_LIMIT 10000"


@dataclass(frozen=True, slots=True)
class Written:
    """One table of the candidate.

    `kept`: it says what the base says, and has its files. `rebuilt`: its key is another one now, so that its
    delta starts from nothing.
    """

    table: Table
    content: Fingerprint
    changes: delta.Counts | None = None
    causes: dict[str, int] = field(default_factory=dict)
    kept: bool = False
    rebuilt: bool = False

    @property
    def content_hash(self) -> str:
        """SHA-256 of what the table says and of who may see it."""
        table = self.table
        kept_back = {column.name: column.classification for column in table.columns if column.classification != PUBLIC}
        return content.content_hash(table.full_name, table.types, self.content, kept_back, table.row_visibility)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The release (or its edition) to compare with and what the causes of changes are judged by."""

    base: Base
    span: delta.Span


def writing(what: str) -> AbstractContextManager[None]:
    """Turn a failure of the disk while `what` is written into a `PublicationError`."""
    return files.writing(
        what,
        "nothing was published, the current release stays as it is; next: make room and run the night again",
    )


def write_table(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    new: str,
    directory: Path,
    comparison: Comparison | None,
    within: str | None = None,
) -> Written:
    """Write the rows of the table expression `new`, and their delta when there is a base to compare with.

    `within`: a table expression with the keys of all rows that can differ from the base; without it all rows are
    compared.
    """
    facts = {name: table.types[name] for name in table.facts}
    if comparison is None:
        store(connection, table, new, directory)
        return Written(table, content.fingerprint(connection, new, facts))

    before = comparison.base.table(connection, table.full_name)
    rebuilt = before is not None and not before.has_key(table, table.types)
    if rebuilt:
        before = None
    old = delta.aligned(table.types, before.relation if before else None, before.types if before else {})
    states = _only(old, within, table), _only(new, within, table)
    changes = delta.find(connection, table, *states)
    if before and changes.total == 0 and (same := keep(table, before, comparison.base, directory)):
        return same
    delta_file = directory / table.delta_path
    delta.gather(connection, table, *states)
    _copy(connection, delta.rows(table, comparison.span), delta_file)
    causes = delta.causes(connection, parquet(delta_file))

    # With columns as they were, only what moved needs a digest; a table that says the same keeps its file.
    if before and before.content and before.has_shape(table, table.types):
        gone, come = (content.fingerprint(connection, rows, facts) for rows in ("old_rows", "new_rows"))
        content_now = before.content - gone + come
        kept = changes.total == 0
    else:
        content_now = content.fingerprint(connection, new, facts)
        kept = False
    if before and kept:
        files.share(before.file, directory / table.path)
    else:
        store(connection, table, new, directory)
    return Written(table, content_now, changes, causes, kept, rebuilt)


def keep(table: Table, before: BaseTable, base: Base, directory: Path) -> Written | None:
    """Take over both files of a table that says what the base says.

    `None`, and nothing done, where its columns are other ones by now or the base has no delta without rows.
    """
    empty = base.empty_delta(table)
    if empty is None or before.content is None or not before.has_shape(table, table.types):
        return None
    files.share(before.file, directory / table.path)
    files.share(empty, directory / table.delta_path)
    return Written(table, before.content, delta.Counts(), kept=True)


def _only(relation: str, within: str | None, table: Table) -> str:
    if within is None:
        return relation
    return f"(SELECT side.* FROM {relation} AS side SEMI JOIN {within} USING ({columns(table.primary_key)}))"


def store(connection: duckdb.DuckDBPyConnection, table: Table, relation: str, directory: Path) -> None:
    """Write the Parquet file of a table, ordered by its key."""
    path = directory / table.path
    _copy(connection, f"SELECT {columns(table.types)} FROM {relation} ORDER BY {columns(table.primary_key)}", path)
    stored = described(connection, parquet(path))
    lossy = [f"{name} {kind}" for name, kind in table.types.items() if stored[name] != kind]
    if lossy:
        raise PublicationError(f"{table.full_name}: Parquet cannot hold {', '.join(lossy)}; cast it in the model")


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    with writing(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        connection.execute(f"COPY ({query}) TO {literal(path)} ({PARQUET})")
