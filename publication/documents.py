"""The documents of a release or edition: `datapackage.json`, `release.json`, the `CHECKSUMS` so far."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from publication import datapackage, files
from publication.base import Base
from publication.database import DATABASE, STORAGE_VERSION, Said
from publication.tables import Written


def write_package(
    directory: Path,
    identity: Mapping[str, str],
    written: Sequence[Written],
    said: Said,
    digests: dict[str, str],
) -> None:
    """Write `datapackage.json` beside the Parquet files it describes; `digests` (SHA-256 by path) then has it too."""
    package = datapackage.describe(
        directory,
        identity,
        [entry.table for entry in written],
        {entry.table.full_name: entry.content.rows for entry in written},
        digests,
        said.sources,
        said.contributors,
    )
    files.write(directory / "datapackage.json", files.json_bytes(package))
    digests["datapackage.json"] = files.sha256(directory / "datapackage.json")


def write_release(
    directory: Path,
    identity: Mapping[str, str],
    written: Sequence[Written],
    base: Base | None,
    said: Said,
    inputs: Sequence[Mapping[str, Any]],
    digests: Mapping[str, str],
) -> None:
    """Write `release.json`, without a verdict yet."""
    names = {entry.table.full_name for entry in written}
    release = {
        **identity,
        "base": {"release_id": base.release_id, "run_date": base.run_date} if base else None,
        "tables": {entry.table.full_name: _entry(directory, entry, digests) for entry in written},
        "tables_removed": sorted(base.tables.keys() - names) if base else [],
        "database": {**_file(directory, DATABASE, digests), "storage_version": STORAGE_VERSION},
        "gate": None,
        "sources": said.sources,
        "ledger": said.ledger,
        "inputs": list(inputs),
    }
    files.write(directory / "release.json", files.json_bytes(release))


def _entry(directory: Path, entry: Written, digests: Mapping[str, str]) -> dict[str, Any]:
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
