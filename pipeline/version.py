"""Which code made a release: a hash over everything that decides what its rows say."""

import hashlib
from functools import cache
from pathlib import Path

from pipeline.settings import PROJECT

DECIDING = ("dbt_project", "extractors", "identity")
ENDINGS = {".py", ".sql", ".yml", ".csv"}


@cache
def code_version(project: Path = PROJECT) -> str:
    """12 hex digits over the paths and contents of the deciding folders; the same on every machine."""
    digest = hashlib.sha256()
    for folder in DECIDING:
        for path in sorted((project / folder).rglob("*")):
            parts = path.relative_to(project).parts
            if path.suffix in ENDINGS and "target" not in parts and path.is_file():
                digest.update("/".join(parts).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
