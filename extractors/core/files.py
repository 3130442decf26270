"""Files that appear whole or not at all."""

import hashlib
import os
import shutil
from pathlib import Path
from uuid import uuid4

CHUNK = 2**20


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Make a file or a folder's entries survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomic(path: Path, content: bytes) -> None:
    """Write a small file so that readers see the old one or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid4().hex[:8]}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync(path.parent)


def temporary_folder(target: Path) -> Path:
    """A new empty folder beside `target`, to be filled and given to `reveal`; leftovers of killed runs go first.

    The caller holds the lock on `target`, so nobody else is using a leftover.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for leftover in target.parent.glob(f".{target.name}.*.tmp"):
        shutil.rmtree(leftover)
    folder = target.with_name(f".{target.name}.{uuid4().hex[:8]}.tmp")
    folder.mkdir()
    return folder


def reveal(folder: Path, target: Path) -> None:
    """Make a complete folder visible under its name by one rename; an older one of that name is replaced."""
    for path in folder.iterdir():
        sync(path)
    sync(folder)
    if target.exists():
        old = target.with_name(f".{target.name}.{uuid4().hex[:8]}.tmp")
        target.rename(old)
        folder.rename(target)
        shutil.rmtree(old)
    else:
        folder.rename(target)
    sync(target.parent)
