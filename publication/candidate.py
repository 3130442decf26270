"""Write a candidate: everything a release holds but the gate's verdict, ready to be judged."""

import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb

from publication import content, database, datapackage, delta, files
from publication.base import Base
from publication.catalogue import Table
from publication.content import Fingerprint
from publication.database import DATABASE, STORAGE_VERSION, Said
from publication.errors import PublicationError
from publication.sql import columns, connect, described, literal, parquet, quoted

# A dictionary over ids, hashes and addresses saves nothing: giving up on it early writes a fifth faster.
PARQUET = "FORMAT parquet, COMPRESSION zstd, DICTIONARY_SIZE_LIMIT 10000"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A written candidate. `counts`: rows by table; `changes`: empty without a release to compare with."""

    path: Path
    release_id: str
    run_date: date
    base: str | None
    counts: dict[str, int]
    changes: dict[str, delta.Counts]


@dataclass(frozen=True, slots=True)
class _Written:
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
        return content.content_hash(self.table.full_name, _types(self.table), self.content)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """The release to compare with and what the causes of changes are judged by."""

    base: Base
    span: delta.Span


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
    """Write the catalogue's tables from the build file `warehouse` to the new directory `target`.

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
        comparison = _Comparison(base, delta.Span(base.run_date, run_date, base.code_version == code_version))
    partial = target.with_name(f".{target.name}{files.PARTIAL}")
    with _writing(f"candidate {run_date} in {target.parent}"):
        target.parent.mkdir(parents=True, exist_ok=True)
        files.clear_leftovers(target.parent)
        partial.mkdir()
        try:
            with connect(partial / ".spill", threads, memory_limit) as connection:
                _attach(connection, warehouse)
                written = [
                    _write_table(connection, warehouse, table, partial, comparison)
                    for table in (_typed(connection, warehouse, table) for table in tables)
                ]
                said = _write_database(connection, written, comparison, partial)
            shutil.rmtree(partial / ".spill", ignore_errors=True)
            identity = {
                "release_id": content.release_id(
                    run_date, {entry.table.full_name: entry.content_hash for entry in written}
                ),
                "product_version": _product_version(),
                "run_date": run_date.isoformat(),
                "created": created.isoformat(),
                "code_version": code_version,
            }
            _describe(partial, identity, written, comparison, said, inputs)
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


def _writing(what: str) -> AbstractContextManager[None]:
    return files.writing(
        what,
        "nothing was published, the current release stays as it is; next: make room and run the night again",
    )


def _attach(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    # Under the name it was built with: the views inside call it by that name.
    try:
        connection.execute(f"ATTACH {literal(warehouse)} AS {quoted(warehouse.stem)} (READ_ONLY)")
    except duckdb.Error as error:
        raise PublicationError(f"the build file {warehouse} cannot be read: {error}") from None


def _types(table: Table) -> dict[str, str]:
    return {column.name: column.type for column in table.columns}


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


def _write_table(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Path,
    table: Table,
    directory: Path,
    comparison: _Comparison | None,
) -> _Written:
    """Write one table, and its delta when there is a release to compare with."""
    new = quoted(warehouse.stem, table.schema, table.name)
    types = _types(table)
    facts = {name: types[name] for name in table.facts}
    if comparison is None:
        _store(connection, table, new, directory)
        return _Written(table, content.fingerprint(connection, new, facts))

    before = comparison.base.table(connection, table.full_name)
    rebuilt = before is not None and not before.has_key(table, types)
    if rebuilt:
        before = None
    old = delta.aligned(types, before.relation if before else None, before.types if before else {})
    changes = delta.find(connection, table, old, new)
    delta_file = directory / table.delta_path
    _copy(connection, delta.rows(table, comparison.span), delta_file)
    causes = delta.causes(connection, parquet(delta_file))

    # With columns as they were, only what moved needs a digest; a table that says the same keeps its file.
    if before and before.content and before.has_shape(table, types):
        gone, come = (content.fingerprint(connection, rows, facts) for rows in ("old_rows", "new_rows"))
        content_now = before.content - gone + come
        kept = changes.total == 0
    else:
        content_now = content.fingerprint(connection, new, facts)
        kept = False
    if before and kept:
        files.share(before.file, directory / table.path)
    else:
        _store(connection, table, new, directory)
    return _Written(table, content_now, changes, causes, kept, rebuilt)


def _store(connection: duckdb.DuckDBPyConnection, table: Table, relation: str, directory: Path) -> None:
    """Write the Parquet file of a table, ordered by its key."""
    types, path = _types(table), directory / table.path
    _copy(connection, f"SELECT {columns(types)} FROM {relation} ORDER BY {columns(table.primary_key)}", path)
    stored = described(connection, parquet(path))
    lossy = [f"{name} {kind}" for name, kind in types.items() if stored[name] != kind]
    if lossy:
        raise PublicationError(f"{table.full_name}: Parquet cannot hold {', '.join(lossy)}; cast it in the model")


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    with _writing(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        connection.execute(f"COPY ({query}) TO {literal(path)} ({PARQUET})")


def _write_database(
    connection: duckdb.DuckDBPyConnection,
    written: Sequence[_Written],
    comparison: _Comparison | None,
    directory: Path,
) -> Said:
    """Write the DuckDB file; where most rows are those of the base, start from a copy of its file.

    So a night costs what changed, not what exists.
    """
    tables = [entry.table for entry in written]
    kept = [entry for entry in written if entry.kept]
    with _writing(str(directory / DATABASE)):
        if comparison and 2 * sum(e.content.rows for e in kept) >= sum(e.content.rows for e in written):
            base = comparison.base
            if base.document["database"]["storage_version"] == STORAGE_VERSION:
                names = frozenset(entry.table.full_name for entry in kept)
                return database.write(connection, tables, directory, base.file(DATABASE), names)
        return database.write(connection, tables, directory)


def _describe(
    directory: Path,
    identity: Mapping[str, str],
    written: Sequence[_Written],
    comparison: _Comparison | None,
    said: Said,
    inputs: Sequence[Mapping[str, Any]],
) -> None:
    """Write `datapackage.json`, `release.json` (without a verdict yet) and the `CHECKSUMS` so far."""
    digests = files.digests(directory)
    tables = [entry.table for entry in written]
    package = datapackage.describe(
        directory,
        identity,
        tables,
        {entry.table.full_name: entry.content.rows for entry in written},
        digests,
        said.sources,
        said.contributors,
    )
    base = comparison.base if comparison else None
    release = {
        **identity,
        "base": {"release_id": base.release_id, "run_date": base.run_date} if base else None,
        "tables": {entry.table.full_name: _entry(directory, entry, digests) for entry in written},
        "tables_removed": sorted(base.tables.keys() - {table.full_name for table in tables}) if base else [],
        "database": {**_file(directory, DATABASE, digests), "storage_version": STORAGE_VERSION},
        "gate": None,
        "sources": said.sources,
        "ledger": said.ledger,
        "inputs": list(inputs),
    }
    files.write(directory / "datapackage.json", files.json_bytes(package))
    digests["datapackage.json"] = files.sha256(directory / "datapackage.json")
    files.write(directory / "release.json", files.json_bytes(release))
    files.write(directory / files.CHECKSUMS, files.checksums_text(digests).encode())


def _entry(directory: Path, entry: _Written, digests: Mapping[str, str]) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    if entry.changes:
        changed = {
            **asdict(entry.changes),
            "causes": entry.causes,
            "rebuilt": entry.rebuilt,
            **_file(directory, entry.table.delta_path, digests),
        }
    return {
        "rows": entry.content.rows,
        **_file(directory, entry.table.path, digests),
        "content_sha256": entry.content_hash,
        "fingerprint": str(entry.content),
        "delta": changed,
    }


def _file(directory: Path, path: str, digests: Mapping[str, str]) -> dict[str, Any]:
    return {"path": path, "bytes": (directory / path).stat().st_size, "sha256": digests[path]}
