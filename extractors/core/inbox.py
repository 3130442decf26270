"""The drop folder: what lies there to be taken, read without following a link or believing a size."""

import hashlib
import json
import os
import re
import stat
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from extractors.core.errors import DeliveryError
from extractors.core.spec import SourceSpec

MANIFEST = ".manifest.json"
MANIFEST_BYTES = 64 * 1024
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # controls, marks, halves of letters, breaks
_EARLIEST = datetime.min.replace(tzinfo=UTC)


class Manifest(BaseModel):
    """What a sender says of a file: `<file>.manifest.json` beside it.

    `rows` and `sha256` may only be missing from one that withdraws: it comes alone and empties its part.
    """

    model_config = ConfigDict(extra="forbid")

    source: str
    resource: str | None = None
    sender: str
    period: str
    rows: int | None = Field(default=None, ge=0)
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    issued_at: datetime
    withdraw: bool = False

    @model_validator(mode="after")
    def _says_of_what(self) -> "Manifest":
        if not self.withdraw and (self.rows is None or self.sha256 is None):
            raise ValueError("`rows` and `sha256` are needed, unless it withdraws")
        return self


@dataclass(frozen=True, slots=True)
class Received:
    """A file's bytes and their hash; or `problem`, why it was not read, and an empty hash."""

    content: bytes = b""
    sha256: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that is to be judged. `name`: the path's, readable. `withdraws`: it is a manifest that came alone."""

    path: Path
    name: str
    resource: str | None
    sender: str | None
    period: str | None
    manifest: Path | None = None
    told: Manifest | None = None
    manifest_problem: str = ""

    @property
    def withdraws(self) -> bool:
        """Whether there is only the manifest."""
        return self.path == self.manifest

    @property
    def order(self) -> tuple[datetime, str]:
        """In which order files are taken: as they were issued, then by name."""
        return (self.told.issued_at if self.told else _EARLIEST), self.name


def waiting(spec: SourceSpec, folder: Path) -> list[Waiting]:
    """What lies in the inbox of a source to be taken, in order.

    Names that begin with a dot or end in `.tmp` or `.part` are still being written; a manifest that came before its
    file waits for it.
    """
    if not folder.is_dir():
        return []
    names = sorted(
        entry.name
        for entry in os.scandir(folder)
        if not entry.is_dir(follow_symlinks=False)
        and not entry.name.startswith(".")
        and not entry.name.endswith((".tmp", ".part"))
    )
    found = []
    for name in names:
        subject = name.removesuffix(MANIFEST)
        if subject != name and subject in names:
            continue
        item = named(spec, folder / name, folder / f"{subject}{MANIFEST}" if f"{subject}{MANIFEST}" in names else None)
        if not (item.withdraws and item.told and not item.told.withdraw):
            found.append(item)
    return sorted(found, key=lambda item: item.order)


def named(spec: SourceSpec, path: Path, manifest: Path | None) -> Waiting:
    """A file, what its name tells and what its manifest says."""
    name = readable(path.name)
    subject = name.removesuffix(MANIFEST) if path == manifest else name
    told, problem = None, ""
    if manifest is not None:
        try:
            told = _manifest(manifest, ZoneInfo(spec.cadence.timezone))
        except DeliveryError as error:
            problem = str(error)
    for kind, resource in spec.resources.items():
        if resource.file and (match := re.fullmatch(resource.file.name, subject)):
            groups = match.groupdict()
            sender, period = groups.get("sender") or resource.file.sender, groups.get("period")
            return Waiting(path, name, kind, sender, period, manifest, told, problem)
    return Waiting(path, name, None, None, None, manifest, told, problem)


def readable(name: str) -> str:
    """A file name as it can be stored and shown: one in GBK is decoded, what cannot be seen is spelled `\\x0a`."""
    try:
        name.encode()
    except UnicodeEncodeError:
        try:
            name = os.fsencode(name).decode("gb18030")
        except UnicodeDecodeError:
            name = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(
        sign.encode("unicode_escape").decode() if unicodedata.category(sign) in UNSEEN else sign for sign in name
    )


def receive(path: Path, max_bytes: int) -> Received:
    """Read a file once; what is judged and kept are these bytes, whatever becomes of the file meanwhile."""
    try:
        # Neither through a link nor waiting for whoever would write into a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if path.is_symlink():
            return Received(problem="is a link: expected the file itself")
        return Received(problem=f"cannot be read: {error.strerror}")
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return Received(problem="is no plain file")
        if status.st_size > max_bytes:
            return Received(problem=f"has {status.st_size:,} bytes: at most {max_bytes:,} are taken")
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        return Received(problem=f"is growing beyond {max_bytes:,} bytes: at most so many are taken")
    return Received(content, hashlib.sha256(content).hexdigest())


def _manifest(path: Path, zone: ZoneInfo) -> Manifest:
    """Read a manifest; a time without an offset is the source's. Raises `DeliveryError` in words."""
    received = receive(path, MANIFEST_BYTES)
    if received.problem:
        raise DeliveryError(f"its manifest {received.problem}")
    try:
        told = Manifest.model_validate(json.loads(received.content))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'it'}: {fault['msg']}" for fault in error.errors())
        raise DeliveryError(f"its manifest is not as declared: {faults}") from None
    except (ValueError, RecursionError) as error:
        raise DeliveryError(f"its manifest is not readable as JSON: {error}") from None
    if told.issued_at.tzinfo is None:
        return told.model_copy(update={"issued_at": told.issued_at.replace(tzinfo=zone)})
    return told
