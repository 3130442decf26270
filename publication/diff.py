"""What differs between any two releases, table by table: the same comparison as a release's own delta."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publication import delta, files
from publication.base import Base
from publication.sql import connect

SAMPLE = 5


@dataclass(frozen=True, slots=True)
class TableDiff:
    """Rows added, changed and removed from one release to the other; up to `SAMPLE` of each kind in `sample`.

    A sampled row has its `_change`, its `_cause`, the former values of what changed in `_previous`, and its
    columns.
    """

    table: str
    added: int
    changed: int
    removed: int
    sample: list[dict[str, Any]]


def diff(a: Path, b: Path) -> list[TableDiff]:
    """Compare release directory `a` with the later `b`; one entry for every table of either, sorted by name.

    A table that only one of them has counts as wholly removed or added. Raises `PublicationError` when one of
    the two is incomplete or was changed.
    """
    old, new = Base.read(a), Base.read(b)
    span = delta.Span(old.run_date, new.run_date, old.code_version == new.code_version)
    found = []
    with tempfile.TemporaryDirectory() as spill, connect(Path(spill)) as connection:
        for name in sorted(old.tables.keys() | new.tables.keys()):
            table = new.tables.get(name) or old.tables[name]
            before, after = old.table(connection, name), new.table(connection, name)
            if before and after and not before.has_key(after.table, after.types):
                before = None  # another key makes it another table, as in the delta
            if before and after and _content(old, name) == _content(new, name):
                found.append(TableDiff(name, 0, 0, 0, []))
                continue
            types = (after or before).types  # type: ignore[union-attr]  # one of the two has it
            states = [
                delta.aligned(types, side.relation if side else None, side.types if side else {})
                for side in (before, after)
            ]
            counts = delta.find(connection, table, *states)
            delta.gather(connection, table, *states)
            sample = delta.sample(connection, f"({delta.rows(table, span)})", SAMPLE)
            found.append(TableDiff(name, counts.added, counts.changed, counts.removed, _plain(sample)))
    return found


def _content(release: Base, name: str) -> str:
    return str(release.document["tables"][name]["content_sha256"])


def _plain(sample: list[dict[str, object]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(files.json_bytes(sample))
    for row in rows:
        row["_previous"] = json.loads(row["_previous"]) if row["_previous"] else None
    return rows
