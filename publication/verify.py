"""Whether a release is still the bytes that were published."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from publication import files, ledger
from publication.errors import PublicationError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing in a release that is not as published; `file` is relative to the releases directory."""

    file: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}"


def verify(root: Path, release_id: str) -> list[Problem]:
    """Compare a release with its `CHECKSUMS`, and that with what ledger and pointer remember.

    Returns nothing for a sound release. Finds a changed, missing or added file, edited metadata, and an
    edited `CHECKSUMS`.
    """
    entry = ledger.entries(root).get(release_id)
    if entry is None or entry["removed"]:
        return [Problem("index.json", f"release {release_id} is not among the kept releases")]
    directory = root / release_id
    if not directory.is_dir():
        return [Problem(release_id, "the directory is missing")]
    remembered = {"index.json": entry["checksums"]}
    try:
        pointer = ledger.pointer(root)
    except PublicationError:
        pointer = None  # a damaged pointer says nothing against a release
    if pointer and pointer["release_id"] == release_id:
        remembered["current.json"] = pointer["checksums"]
    problems = differences(directory)
    sums = directory / files.CHECKSUMS
    if sums.is_file():
        digest = files.sha256(sums)
        problems += [
            Problem(
                f"{release_id}/{files.CHECKSUMS}",
                f"changed: {where} remembers {known[:12]}…, it is {digest[:12]}…",
            )
            for where, known in remembered.items()
            if known != digest
        ]
    return problems


def verify_all(root: Path) -> dict[str, list[Problem]]:
    """Verify every release that was published and not taken away by retention, also one whose directory is gone."""
    return {name: verify(root, name) for name, entry in ledger.entries(root).items() if not entry["removed"]}


def differences(directory: Path, ignore: Collection[str] = ()) -> list[Problem]:
    """Compare a directory with the `CHECKSUMS` inside; files named in `ignore` may be anything."""
    name = directory.name
    try:
        expected = files.read_checksums(directory / files.CHECKSUMS)
    except (OSError, ValueError) as error:
        reason = "missing" if isinstance(error, FileNotFoundError) else f"unreadable: {error}"
        return [Problem(f"{name}/{files.CHECKSUMS}", reason)]
    links = [path for path in files.tree(directory) if (directory / path).is_symlink()]
    if links:
        return [Problem(f"{name}/{path}", "a link, where a release only has files") for path in links]
    found = files.digests(directory)
    problems = []
    for path in sorted((expected.keys() | found.keys()) - set(ignore)):
        if path not in found:
            problems.append(Problem(f"{name}/{path}", "missing"))
        elif path not in expected:
            problems.append(Problem(f"{name}/{path}", "added after publication"))
        elif found[path] != expected[path]:
            problems.append(
                Problem(
                    f"{name}/{path}",
                    f"changed: published {expected[path][:12]}…, it is {found[path][:12]}…",
                )
            )
    return problems


def damage(root: Path, release_id: str) -> str:
    """Return the problems of a release as one indented text, empty when it is sound."""
    return "".join(f"\n  {problem}" for problem in verify(root, release_id))
