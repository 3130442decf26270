"""Which code made a release: a hash over everything that decides what its rows say."""

import hashlib
from functools import cache
from pathlib import Path

from pipeline.settings import PROJECT

DECIDING = ("dbt_project", "extractors", "identity", "pipeline")
ENDINGS = {".py", ".sql", ".yml", ".csv", ".txt"}


@cache
def code_version(project: Path = PROJECT) -> str:
    """12 hex digits over the deciding folders and the pinned versions; the same on every machine."""
    digest = hashlib.sha256()
    paths = [project / "constraints.txt", *(path for folder in DECIDING for path in (project / folder).rglob("*"))]
    for path in sorted(paths):
        parts = path.relative_to(project).parts
        if path.suffix in ENDINGS and "target" not in parts and path.is_file():
            digest.update("/".join(parts).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
