"""The release a candidate is compared with, read with suspicion: a delta against edited files is a lie."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from publication import catalogue, delta, files
from publication.catalogue import Table
from publication.content import Fingerprint
from publication.errors import PublicationError
from publication.sql import described, parquet


@dataclass(frozen=True, slots=True)
class BaseTable:
    """One table of the older release."""

    table: Table
    file: Path
    types: dict[str, str]
    content: Fingerprint | None

    @property
    def relation(self) -> str:
        """The table expression that reads it."""
        return parquet(self.file)

    def has_key(self, table: Table, types: Mapping[str, str]) -> bool:
        """Whether its rows can be matched with those of the newer `table`: same key, of the same types."""
        key = self.table.primary_key
        return key == table.primary_key and all(self.types[name] == types[name] for name in key)

    def has_shape(self, table: Table, types: Mapping[str, str]) -> bool:
        """Whether it has the columns of the newer `table`, in its order, types and meaning."""
        return self.table.facts == table.facts and list(self.types.items()) == list(types.items())


@dataclass(frozen=True, slots=True)
class Base:
    """The older release."""

    path: Path
    release_id: str
    run_date: date
    code_version: str
    document: dict[str, Any]
    tables: dict[str, Table]
    checksums: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> "Base":
        """Read a release directory; raise `PublicationError` when it is incomplete or was changed."""
        try:
            checksums = files.read_checksums(path / files.CHECKSUMS)
            for name in ("release.json", "datapackage.json"):
                _check(path, name, checksums)
            document = json.loads((path / "release.json").read_bytes())
        except (OSError, ValueError) as error:
            raise PublicationError(_damaged(path, str(error))) from None
        try:
            base = cls(
                path=path,
                release_id=document["release_id"],
                run_date=date.fromisoformat(document["run_date"]),
                code_version=document["code_version"],
                document=document,
                tables={table.full_name: table for table in catalogue.of_release(path)},
                checksums=checksums,
            )
            # Only asked for later, and then too late to say so in words.
            _ = document["database"]["storage_version"]
            _ = [(table["fingerprint"], table["content_sha256"]) for table in map(document["tables"].get, base.tables)]
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise PublicationError(_of_another_version(path, reason)) from None
        return base

    def file(self, name: str) -> Path:
        """Return the path of one of its files, after checking that it is the one that was published."""
        _check(self.path, name, self.checksums)
        return self.path / name

    def empty_delta(self, table: Table) -> Path | None:
        """Return the delta file of a table that said the same in the release before the base; else `None`."""
        counts = self.document["tables"].get(table.full_name, {}).get("delta") or {}
        return self.file(table.delta_path) if counts and not any(counts[change] for change in delta.CHANGES) else None

    def table(self, connection: duckdb.DuckDBPyConnection, name: str) -> BaseTable | None:
        """Return the older state of a table, `None` when the release has none; its file is checked first."""
        if name not in self.tables:
            return None
        table = self.tables[name]
        file = self.file(table.path)
        return BaseTable(
            table=table,
            file=file,
            types=described(connection, parquet(file)),
            content=Fingerprint.parse(self.document["tables"][name]["fingerprint"]),
        )


def _check(path: Path, name: str, checksums: dict[str, str]) -> None:
    if not (path / name).is_file() or files.sha256(path / name) != checksums.get(name):
        raise PublicationError(_damaged(path, f"{name} is not the file that was published"))


def _label(path: Path) -> str:
    """Name a release, or an edition by its place in the release."""
    return "/".join(path.parts[-3:]) if path.parent.name == "editions" else path.name


def _of_another_version(path: Path, reason: str) -> str:
    return (
        f"release {_label(path)} was written by another version of fsdb, which cannot be compared with: {reason}\n"
        "  nothing was written; next: `fsdb rollback` to a release of this version and run the night again"
    )


def _damaged(path: Path, reason: str) -> str:
    return (
        f"release {_label(path)}, which the delta compares with, was changed after it was published: {reason}\n"
        "  nothing was written; `fsdb releases --verify` lists all changes; put the files back, or\n"
        "  `fsdb rollback` to a sound release and run the night again"
    )
