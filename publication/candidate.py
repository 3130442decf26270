"""Write a candidate: everything a release holds but the gate's verdict, ready to be judged."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb

from publication import content, database, delta, documents, editions, files
from publication.base import Base
from publication.catalogue import INTERNAL, Table
from publication.database import DATABASE, STORAGE_VERSION
from publication.errors import PublicationError
from publication.sql import columns, connect, described, literal, quoted
from publication.tables import Comparison, Written, write_table, writing


@dataclass(frozen=True, slots=True)
class Candidate:
    """A written candidate. `counts`: rows by table; `changes`: empty without a release to compare with."""

    path: Path
    release_id: str
    run_date: date
    base: str | None
    counts: dict[str, int]
    changes: dict[str, delta.Counts]


def write(
    warehouse: Path,
    tables: Sequence[Table],
    target: Path,
    *,
    run_date: date,
    inputs: Sequence[Mapping[str, Any]],
    code_version: str,
    created: datetime,
    previous: Path | None = None,
    threads: int | None = None,
    memory_limit: str | None = None,
) -> Candidate:
    """Write the catalogue's tables from the build file `warehouse` to the new directory `target`, with all editions.

    `previous` is the release directory the delta compares with, `inputs` names the snapshots the build stands
    on, `created` is the clock's only word in it (no part of the id). An older candidate at `target` is
    replaced.

    Raises `PublicationError` when the warehouse and the catalogue disagree, a key is null or double,
    `previous` was changed by hand, or the disk gives up; then no candidate is left.
    """
    if not warehouse.is_file():
        raise PublicationError(f"no build file at {warehouse}; build first")
    comparison = None
    if previous:
        base = Base.read(previous)
        comparison = Comparison(base, delta.Span(base.run_date, run_date, base.code_version == code_version))
    partial = target.with_name(f".{target.name}{files.PARTIAL}")
    with writing(f"candidate {run_date} in {target.parent}"):
        target.parent.mkdir(parents=True, exist_ok=True)
        files.clear_leftovers(target.parent)
        partial.mkdir()
        try:
            with connect(partial / ".spill", threads, memory_limit) as connection:
                _attach(connection, warehouse)
                written = [
                    write_table(
                        connection, table, quoted(warehouse.stem, table.schema, table.name), partial, comparison
                    )
                    for table in (_typed(connection, warehouse, table) for table in tables)
                ]
                _write_database(connection, written, comparison, partial)
                identity = {
                    "release_id": content.release_id(
                        run_date, {entry.table.full_name: entry.content_hash for entry in written}
                    ),
                    "product_version": _product_version(),
                    "run_date": run_date.isoformat(),
                    "created": created.isoformat(),
                    "code_version": code_version,
                }
                editions.write(connection, written, partial, identity, comparison, inputs, (threads, memory_limit))
                said = database.said(connection, [entry.table for entry in written], partial)
            shutil.rmtree(partial / ".spill", ignore_errors=True)
            digests = files.digests(partial)
            documents.write_package(partial, identity, written, said, digests)
            documents.write_release(
                partial,
                {**identity, "edition": INTERNAL},
                written,
                comparison.base if comparison else None,
                said,
                inputs,
                digests,
            )
            files.write(partial / files.CHECKSUMS, files.checksums_text(digests).encode())
            if target.exists():
                shutil.rmtree(target)
            partial.rename(target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return Candidate(
        path=target,
        release_id=identity["release_id"],
        run_date=run_date,
        base=comparison.base.release_id if comparison else None,
        counts={entry.table.full_name: entry.content.rows for entry in written},
        changes={entry.table.full_name: entry.changes for entry in written if entry.changes},
    )


def _attach(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    # Under the name it was built with: the views inside call it by that name.
    try:
        connection.execute(f"ATTACH {literal(warehouse)} AS {quoted(warehouse.stem)} (READ_ONLY)")
    except duckdb.Error as error:
        raise PublicationError(f"the build file {warehouse} cannot be read: {error}") from None


def _product_version() -> str:
    try:
        return metadata.version("fsdb")
    except metadata.PackageNotFoundError:  # run from a checkout that was never installed
        return "unknown"


def _typed(connection: duckdb.DuckDBPyConnection, warehouse: Path, table: Table) -> Table:
    """Return the table with the types it has in the warehouse, once catalogue and warehouse agree on it."""
    relation = quoted(warehouse.stem, table.schema, table.name)
    try:
        types = described(connection, relation)
    except duckdb.CatalogException:
        raise PublicationError(f"{table.full_name} is in the catalogue but not in {warehouse}; build it") from None
    declared = {column.name for column in table.columns}
    if declared != types.keys():
        raise PublicationError(
            f"{table.full_name}: catalogue and build file disagree on the columns: "
            f"only in the catalogue {sorted(declared - types.keys())}, "
            f"only in the build file {sorted(types.keys() - declared)}"
        )
    is_null = " OR ".join(f"{quoted(key)} IS NULL" for key in table.primary_key)
    broken = connection.execute(
        f"SELECT {columns(table.primary_key)} FROM {relation} GROUP BY ALL HAVING count(*) > 1 OR {is_null} LIMIT 3"
    ).fetchall()
    if broken:
        raise PublicationError(f"{table.full_name}: key {table.primary_key} is null or not unique, as in {broken}")
    return replace(table, columns=tuple(replace(column, type=types[column.name]) for column in table.columns))


def _write_database(
    connection: duckdb.DuckDBPyConnection,
    written: Sequence[Written],
    comparison: Comparison | None,
    directory: Path,
) -> None:
    """Write the DuckDB file; where most rows are those of the base, start from a copy of its file.

    So a night costs what changed, not what exists.
    """
    tables = [entry.table for entry in written]
    base = comparison.base if comparison else None
    # Comments belong to it: a table that is described anew is written anew.
    kept = [entry for entry in written if base and entry.kept and entry.table == base.tables[entry.table.full_name]]
    is_cheaper = 2 * sum(entry.content.rows for entry in kept) >= sum(entry.content.rows for entry in written)
    with writing(str(directory / DATABASE)):
        if base and is_cheaper and base.document["database"]["storage_version"] == STORAGE_VERSION:
            names = frozenset(entry.table.full_name for entry in kept)
            database.write(connection, tables, directory, base.file(DATABASE), names)
        else:
            database.write(connection, tables, directory)
