"""What was published and what is current: `index.json`, the ledger, and `current.json`, the one pointer.

Both lie beside the releases and are replaced whole. The ledger remembers the digest of each `CHECKSUMS`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from publication import files
from publication.delta import CHANGES
from publication.errors import PublicationError

INDEX, CURRENT = "index.json", "current.json"
RELEASE_ID = re.compile(r"\d{4}-\d{2}-\d{2}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Release:
    """A published release. `tables`: by full name, the `rows` and the `delta` counts against `base`."""

    release_id: str
    run_date: date
    published_at: datetime
    path: Path
    checksums: str
    base: str | None
    code_version: str
    gate: str
    tables: dict[str, dict[str, Any]]


def entries(root: Path) -> dict[str, dict[str, Any]]:
    """Return the ledger's entries by release id; those of releases that retention took away say `removed`.

    A whole release that is not in `index.json` (a run died before it could write it in, or the file was lost)
    counts from when it was built.
    """
    known = {entry["release_id"]: entry for entry in _recorded(root)}
    for directory in sorted(root.iterdir()) if root.is_dir() else ():
        if directory.name not in known and RELEASE_ID.fullmatch(directory.name):
            document = read(directory / "release.json", {})
            is_whole = document.get("gate") and (directory / files.CHECKSUMS).is_file()
            if document.get("release_id") == directory.name and is_whole:
                known[directory.name] = _entry(directory, document, document["created"])
    return known


def releases(root: Path) -> list[Release]:
    """Return the kept releases, newest night first, and of one night the last published first."""
    kept = [
        _release(root, entry)
        for release_id, entry in entries(root).items()
        if not entry["removed"] and (root / release_id).is_dir()
    ]
    return sorted(kept, key=lambda release: (release.run_date, release.published_at), reverse=True)


def pointer(root: Path) -> dict[str, Any] | None:
    """Return what `current.json` says, `None` when there is no such file."""
    if not (root / CURRENT).exists():
        return None
    document = read(root / CURRENT, {})
    named = [document.get(name) for name in ("release_id", "run_date", "checksums")]
    if not all(isinstance(value, str) for value in named) or not RELEASE_ID.fullmatch(str(named[0])):
        raise PublicationError(f"{root / CURRENT} does not name a release\n  next: `fsdb rollback <kept release>`")
    return document


def current(root: Path) -> Release | None:
    """Return the release people see, `None` before the first; raise `PublicationError` when it is gone."""
    found = pointer(root)
    if found is None:
        if entries(root):
            newest = next(iter(releases(root)), None)
            way = f"`fsdb rollback {newest.release_id}`" if newest else "put a release back or run a night again"
            raise PublicationError(f"{root / CURRENT} is gone, though releases were published\n  next: {way}")
        return None
    if not (root / found["release_id"]).is_dir():
        kept = ", ".join(release.release_id for release in releases(root)) or "none"
        raise PublicationError(
            f"{root / CURRENT} names {found['release_id']}, which is not there; kept: {kept}\n"
            "  next: `fsdb rollback` to a kept release, or publish a night again"
        )
    return get(root, found["release_id"])


def get(root: Path, release_id: str) -> Release:
    """Return a kept release; raise `PublicationError` naming the kept ones when there is no such."""
    entry = entries(root).get(release_id)
    if entry is None or entry["removed"] or not (root / release_id).is_dir():
        state = "was removed by retention" if entry and entry["removed"] else "is not there"
        kept = ", ".join(release.release_id for release in releases(root)) or "none"
        raise PublicationError(f"release {release_id} {state} in {root}; kept: {kept}")
    return _release(root, entry)


def path_of(root: Path, release_id: str | None) -> Path:
    """Return the directory of a release, of the current one for `None`."""
    release = current(root) if release_id is None else get(root, release_id)
    if release is None:
        raise PublicationError(f"nothing is published yet in {root}; next: fsdb run")
    return release.path


def base_of(root: Path, run_date: date) -> Path | None:
    """Return the directory of the release that a night is compared with, `None` when there is none.

    That is what people see now; for a night before it (a backfill), the newest release of an earlier night. Where the
    pointer is lost or damaged it is the newest release there is: nothing is ever compared with nothing by accident.
    """
    try:
        now = current(root)
    except PublicationError:
        return next((release.path for release in releases(root) if release.run_date <= run_date), None)
    if now is None or now.run_date <= run_date:
        return now.path if now else None
    return next((release.path for release in releases(root) if release.run_date < run_date), None)


def record(root: Path, directory: Path, published_at: datetime) -> Release:
    """Enter a release directory into the ledger."""
    entry = _entry(directory, read(directory / "release.json", {}), published_at.isoformat())
    _put(root, {**entries(root), directory.name: entry})
    return _release(root, entry)


def _entry(directory: Path, document: Mapping[str, Any], published_at: str) -> dict[str, Any]:
    return {
        "release_id": document["release_id"],
        "run_date": document["run_date"],
        "published_at": published_at,
        "checksums": files.sha256(directory / files.CHECKSUMS),
        "base": (document["base"] or {}).get("release_id"),
        "code_version": document["code_version"],
        "gate": document["gate"],
        "tables": {
            name: {
                "rows": table["rows"],
                "delta": {change: table["delta"][change] for change in CHANGES} if table["delta"] else {},
            }
            for name, table in document["tables"].items()
        },
        "removed": False,
    }


def mark_removed(root: Path, release_id: str) -> None:
    """Say that a release is to go: from here on its directory may be taken away."""
    known = entries(root)
    _put(root, {**known, release_id: {**known[release_id], "removed": True}})


def point(root: Path, release: Release, now: datetime) -> None:
    """Make a release the current one, by one atomic rename."""
    document = {
        "release_id": release.release_id,
        "run_date": release.run_date.isoformat(),
        "path": release.release_id,
        "checksums": release.checksums,
        "switched_at": now.isoformat(),
    }
    files.write(root / CURRENT, files.json_bytes(document))


def _recorded(root: Path) -> list[dict[str, Any]]:
    """The entries of `index.json`; its ids become paths, so that nothing but an id may stand there."""
    try:
        found: list[dict[str, Any]] = read(root / INDEX, {"releases": []})["releases"]
        if not isinstance(found, list) or not all(_is_whole(root, entry) for entry in found):
            raise ValueError
    except (KeyError, TypeError, ValueError, AttributeError):
        raise PublicationError(
            f"{root / INDEX} is not a list of releases\n  next: move it away; it is written anew from the releases"
        ) from None
    return found


def _is_whole(root: Path, entry: Mapping[str, Any]) -> bool:
    release = _release(root, entry)
    return (
        bool(RELEASE_ID.fullmatch(release.release_id))
        and isinstance(release.checksums, str)
        and isinstance(entry["removed"], bool)
        and all({"rows", "delta"} <= table.keys() for table in release.tables.values())
    )


def _put(root: Path, known: Mapping[str, Mapping[str, Any]]) -> None:
    files.write(root / INDEX, files.json_bytes({"releases": list(known.values())}))


def _release(root: Path, entry: Mapping[str, Any]) -> Release:
    gate = entry["gate"]
    warnings = f"{gate['warnings']} warning{'s' if gate['warnings'] > 1 else ''}"
    notes = [warnings] * bool(gate["warnings"]) + [f"{gate['accepted']} accepted"] * bool(gate["accepted"])
    return Release(
        release_id=entry["release_id"],
        run_date=date.fromisoformat(entry["run_date"]),
        published_at=datetime.fromisoformat(entry["published_at"]),
        path=root / entry["release_id"],
        checksums=entry["checksums"],
        base=entry["base"],
        code_version=entry["code_version"],
        gate=", ".join(["passed", *notes]),
        tables=entry["tables"],
    )


def read(path: Path, absent: dict[str, Any]) -> dict[str, Any]:
    """Read a JSON object; return `absent` when there is no such file."""
    try:
        document: dict[str, Any] = json.loads(path.read_bytes())
        if not isinstance(document, dict):
            raise ValueError(f"expected an object, got {document!r:.40}")
    except FileNotFoundError:
        return absent
    except ValueError as error:
        raise PublicationError(
            f"{path} is not JSON: {error}\n  next: move it away; the next publish writes it anew"
        ) from None
    return document
