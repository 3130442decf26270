"""Files that are whole or not there: checksums, durable writes, leftovers of a killed run, full disks."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from publication.errors import PublicationError

CHECKSUMS = "CHECKSUMS"
PARTIAL = ".partial"
# How DuckDB says that a file did not take what it wrote: at once, at commit, or ever after.
_DISK_ERRORS = (
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    duckdb.TransactionException,
    duckdb.FatalException,
)


def sha256(path: Path) -> str:
    """Return the hex SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digests(directory: Path) -> dict[str, str]:
    """Return relative path -> SHA-256 of every file under `directory` but `CHECKSUMS`, sorted by path."""
    paths = {path: _inode(directory / path) for path in sorted(tree(directory)) if path != CHECKSUMS}
    # A file that lies here under several names is read once.
    firsts = {inode: path for path, inode in paths.items()}
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # hashing releases the interpreter lock
        found = dict(zip(firsts, pool.map(lambda path: sha256(directory / path), firsts.values()), strict=True))
    return {path: found[inode] for path, inode in paths.items()}


def _inode(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def tree(directory: Path) -> list[str]:
    """Return the relative paths of all files (and links of any kind) under `directory`."""
    return [
        (Path(parent) / name).relative_to(directory).as_posix()
        for parent, folders, names in os.walk(directory)
        for name in (*names, *(folder for folder in folders if (Path(parent) / folder).is_symlink()))
    ]


def checksums_text(entries: Mapping[str, str]) -> str:
    """Return the entries in the format of `sha256sum`, so that `sha256sum -c CHECKSUMS` checks a release."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(entries.items()))


def read_checksums(path: Path) -> dict[str, str]:
    """Read a `CHECKSUMS` file into relative path -> SHA-256; `ValueError` names a line that is none."""
    entries = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        digest, separator, name = line.partition("  ")
        if not separator or len(digest) != 64 or not name:
            raise ValueError(f"line {number} is not `sha256  path`")
        entries[name] = digest
    return entries


def json_bytes(document: Any) -> bytes:
    """Return readable UTF-8 JSON; dates and instants become ISO text."""
    return (json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n").encode()


def write(path: Path, content: bytes) -> None:
    """Put `content` at `path` durably: a reader sees the old file or the new one, never a part."""
    partial = path.with_name(f".{path.name}{PARTIAL}")
    with partial.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Flush one file or directory entry to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(directory: Path) -> None:
    """Flush a directory with everything in it, files before the directories that name them."""
    for parent, _, names in os.walk(directory, topdown=False):
        for name in names:
            sync(Path(parent) / name)
        sync(Path(parent))


def share(source: Path, path: Path) -> None:
    """Put a file that never changes at a second place: a link where the file system can, else a copy."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.hardlink_to(source)
    except OSError:
        copy(source, path)


def copy(source: Path, path: Path) -> None:
    """Put a copy of a sealed file, one that may be changed, at `path`."""
    shutil.copyfile(source, path)


def clear_leftovers(directory: Path) -> None:
    """Remove what a killed run left half-written in `directory`: names `.….partial` and nothing else."""
    for path in directory.glob(f".*{PARTIAL}"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextmanager
def writing(what: str, consequence: str) -> Iterator[None]:
    """Turn a failure of the disk while `what` is written into a `PublicationError` that says what follows."""
    try:
        yield
    except (OSError, *_DISK_ERRORS) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise PublicationError(f"{what} could not be written: {reason}\n  {consequence}") from error
