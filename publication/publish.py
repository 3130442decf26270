"""Candidate → release: publish what the gate passed, switch the pointer, roll back, retain.

A release appears by one rename of a finished directory, becomes known by one rename of `index.json`, and
becomes current by one rename of `current.json`. A run that dies in between leaves a whole release or none,
and the next `publish` takes up what it left. One process at a time may call what writes here; the pipeline's
lock sees to it.
"""

import json
import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

from publication import files, ledger, report
from publication.content import release_id as id_of
from publication.errors import GateNotPassed, PublicationError
from publication.ledger import Release, base_of, current, path_of, releases
from publication.verify import Problem, damage, differences, verify

# Written after the candidate's own CHECKSUMS: the verdict, and what publishing adds.
_LATER = frozenset({"gate.json", "release.json", "report.html"})


def publish(candidate: Path, root: Path, *, now: datetime) -> Release:
    """Make the judged `candidate` directory a release in `root` and return it.

    It becomes the current one unless that is of a later night (a backfill). A release of the same id is
    reused, never written again. Raises `GateNotPassed` for a candidate the gate has not passed,
    `PublicationError` for one that was changed since it was written or when the disk gives up; the current
    release then stays as it is.
    """
    files.clear_leftovers(candidate)
    document = _draft(candidate)
    verdict = _passed(candidate, document)
    target = root / document["release_id"]
    with files.writing(f"release {target}", "the current release stays as it is; next: make room, then publish again"):
        root.mkdir(parents=True, exist_ok=True)
        _take_up(root)
        if target.is_dir():
            problems = damage(root, target.name)
            if problems:
                raise PublicationError(
                    f"release {target.name} is published already, but was changed since:{problems}\n"
                    "  nothing was published; next: put the files back or move the directory away, then again"
                )
            release = ledger.get(root, target.name)
        else:
            _finish(candidate, document, verdict)
            candidate.rename(target)
            files.sync(candidate.parent)
            files.sync(root)
            release = ledger.record(root, target, now)
        try:
            seen = ledger.pointer(root)
        except PublicationError:
            seen = None  # damaged: written anew
        if seen is None or not (root / seen["release_id"]).is_dir() or seen["run_date"] <= document["run_date"]:
            ledger.point(root, release, now)
        shutil.rmtree(candidate, ignore_errors=True)
    return release


def rollback(root: Path, release_id: str, *, now: datetime) -> Release:
    """Make a kept release the current one; raise `PublicationError` for one that is gone or was changed."""
    release = ledger.get(root, release_id)
    problems = damage(root, release_id)
    if problems:
        raise PublicationError(f"not rolled back: release {release_id} was changed after publication:{problems}")
    with files.writing(
        f"{root / ledger.CURRENT}", "the current release stays as it is; next: make room, then try again"
    ):
        ledger.point(root, release, now)
    return release


def retain(root: Path, keep: int) -> list[str]:
    """Remove all but the `keep` newest releases, the current and the last published one; return their ids."""
    if keep < 1:
        raise PublicationError(f"at least one release must be kept, not {keep}")
    found = releases(root)
    seen = current(root)
    kept = {release.release_id for release in found[:keep]}
    kept |= {
        release.release_id for release in (seen, max(found, key=lambda r: r.published_at, default=None)) if release
    }
    removed = [release.release_id for release in found if release.release_id not in kept]
    for release_id in removed:
        ledger.mark_removed(root, release_id)
        _remove(root, release_id)
    return removed


def _draft(candidate: Path) -> dict[str, Any]:
    """Read a candidate's `release.json` and check that nothing moved since the candidate was written."""
    path = candidate / "release.json"
    if not path.is_file():
        raise PublicationError(f"no candidate at {candidate}; next: build the night, then publish")
    try:
        document: dict[str, Any] = json.loads(path.read_bytes())
        hashes = {name: table["content_sha256"] for name, table in document["tables"].items()}
        is_own = document["release_id"] == id_of(date.fromisoformat(document["run_date"]), hashes)
    except (ValueError, KeyError, TypeError) as error:
        raise PublicationError(f"{path} is damaged: {error}; next: build the night again") from None
    problems = [str(problem) for problem in differences(candidate, ignore=_LATER)]
    if not is_own:
        problems.append(f"{candidate.name}/release.json: its id is not the id of its tables")
    if problems:
        raise PublicationError(
            f"candidate {candidate} was changed after it was written:\n  "
            + "\n  ".join(problems)
            + "\n  nothing was published; next: build the night again"
        )
    return document


def _passed(candidate: Path, document: dict[str, Any]) -> dict[str, Any]:
    """Return the gate's verdict in numbers; raise `GateNotPassed` unless it is tonight's and passed."""
    path = candidate / "gate.json"
    try:
        gate = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise GateNotPassed(
            f"{document['release_id']} was not judged: {path} is missing; next: audit the night, then publish"
        ) from None
    except ValueError as error:
        raise GateNotPassed(f"{path} is not JSON: {error}; next: audit the night again") from None
    if not isinstance(gate, dict):
        raise GateNotPassed(f"{path} is not a verdict; next: audit the night again")
    judged = {"run_date": gate.get("run_date"), "release_id": gate.get("release_id", document["release_id"])}
    for name, value in judged.items():
        if value != document[name]:
            raise GateNotPassed(f"{path} judges {value}, not {document[name]}; audit the night again")
    summary = report.gate_summary(gate)
    if gate.get("passed") is not True:
        named = (
            ", ".join(f"{finding['id']} {finding['title']}" for finding in report.stopping(gate)) or "it does not say"
        )
        raise GateNotPassed(f"the gate stopped {document['release_id']}: {named}; the current release stays as it is")
    return summary


def _finish(candidate: Path, document: dict[str, Any], verdict: dict[str, Any]) -> None:
    """Add the verdict and the report, seal everything with `CHECKSUMS`, make it read-only and durable."""
    files.write(candidate / "release.json", files.json_bytes({**document, "gate": verdict}))
    report.write(candidate)
    files.write(candidate / files.CHECKSUMS, files.checksums_text(files.digests(candidate)).encode())
    for path in files.tree(candidate):
        (candidate / path).chmod(0o444)
    files.sync_tree(candidate)


def _take_up(root: Path) -> None:
    """Finish what a killed run left: half-written files and releases that were about to go."""
    files.clear_leftovers(root)
    for release_id, entry in ledger.entries(root).items():
        if entry["removed"]:
            _remove(root, release_id)


def _remove(root: Path, release_id: str) -> None:
    """Take a release directory away: out of sight by one rename, then for good."""
    path = root / release_id
    if path.is_dir():
        hidden = root / f".{release_id}{files.PARTIAL}"
        path.rename(hidden)
        shutil.rmtree(hidden)


__all__ = [
    "Problem",
    "Release",
    "base_of",
    "current",
    "path_of",
    "publish",
    "releases",
    "retain",
    "rollback",
    "verify",
]
