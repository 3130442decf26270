"""Untrusted archives, opened without believing a word they say about themselves.

What really comes out of every member is counted while it comes; nothing is ever written under a name that an archive
gives.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from extractors.core.errors import DeliveryError

# How much larger than its file a delivery may become when unpacked, and how many times larger any one member.
EXPANSION, RATIO, UNPACKED = 20, 200, 2 * 2**30
SMALL = 10 * 2**20
FILES, PARTS = 50, 2000
MAGIC = {"xlsx": b"PK\x03\x04", "xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}
_LOCAL = struct.Struct("<4s2xHH16xHH")
_ENCRYPTED, _UTF8 = 0x1, 0x800


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table file: alone (`name` is empty) or as a member of a ZIP."""

    name: str
    format: str
    content: bytes


def table_files(name: str, content: bytes, formats: list[str], max_bytes: int) -> list[TableFile]:
    """The table files that a delivered file is or holds, by name; raise `DeliveryError` for anything else."""
    if not content:
        raise DeliveryError("the file is empty: expected a head and rows, got 0 bytes")
    if _extension(name) != "zip":
        return [_checked("", name, content, formats)]
    found = []
    for member, unpacked in unpacked_members(content, min(UNPACKED, EXPANSION * max_bytes), FILES).items():
        # What macOS adds for itself.
        if member.startswith("__MACOSX/") or PurePosixPath(member).name.startswith("."):
            continue
        found.append(_checked(member, member, unpacked, formats))
    if not found:
        raise DeliveryError(f"the ZIP holds no file: expected {_words(formats)}")
    return sorted(found, key=lambda file: file.name)


def unpacked_members(content: bytes, limit: int, members: int) -> dict[str, bytes]:
    """Name → content of every member of a ZIP; refuses links, odd paths, encryption and bombs.

    `limit`: bytes of all members together; `members`: how many there may be.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise DeliveryError(f"not readable as a ZIP: {error}") from None
    if len(entries) > members:
        raise DeliveryError(f"the ZIP holds {len(entries)} members, at most {members} are taken")
    declared = sum(entry.file_size for entry in entries)
    if declared > limit:
        raise DeliveryError(f"the ZIP would unpack to {declared:,} bytes, at most {limit:,} are taken")
    found: dict[str, bytes] = {}
    for entry in entries:
        name = _name(entry)
        if name.endswith("/"):
            continue
        if name in found:
            raise DeliveryError(f"the ZIP holds {name} twice")
        found[name] = _inflated(content, entry, name, limit - sum(map(len, found.values())))
    return found


def _name(entry: zipfile.ZipInfo) -> str:
    """The member's name; refuse what could lead out of a folder or is no plain file."""
    name = entry.filename
    if not entry.flag_bits & _UTF8:
        # Packers on Chinese systems write GB names without saying so.
        try:
            name = entry.orig_filename.encode("cp437").decode("gb18030")
        except UnicodeError:
            name = entry.filename
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name:
        raise DeliveryError(f"the ZIP holds {name!r}: expected a plain name, got a path that leads elsewhere")
    if entry.flag_bits & _ENCRYPTED:
        raise DeliveryError(f"{name} in the ZIP is encrypted: deliver it without a password")
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise DeliveryError(f"{name} in the ZIP is a link or a device: expected a plain file")
    return name


def _inflated(content: bytes, entry: zipfile.ZipInfo, name: str, room: int) -> bytes:
    """The bytes of a member. Not by `zipfile`, which stops reading where the header says so."""
    head = content[entry.header_offset : entry.header_offset + _LOCAL.size]
    if len(head) < _LOCAL.size or head[:4] != MAGIC["xlsx"]:
        raise DeliveryError(f"{name} in the ZIP: damaged, no header where one was announced")
    _, flags, _, name_length, extra_length = _LOCAL.unpack(head)
    start = entry.header_offset + _LOCAL.size + name_length + extra_length
    packed = content[start : start + entry.compress_size]
    if flags & _ENCRYPTED or len(packed) != entry.compress_size:
        raise DeliveryError(f"{name} in the ZIP: its two headers contradict each other or it is cut off")
    if entry.compress_type == zipfile.ZIP_STORED:
        unpacked = packed
    elif entry.compress_type == zipfile.ZIP_DEFLATED:
        unpacked = b"".join(_deflated(packed, entry, name, room))
    else:
        raise DeliveryError(f"{name} in the ZIP is packed by method {entry.compress_type}: expected stored or deflated")
    if len(unpacked) != entry.file_size or zlib.crc32(unpacked) != entry.CRC:
        raise DeliveryError(
            f"{name} in the ZIP says it has {entry.file_size:,} bytes, {len(unpacked):,} came or others than announced"
        )
    return unpacked


def _deflated(packed: bytes, entry: zipfile.ZipInfo, name: str, room: int) -> Iterator[bytes]:
    """Chunks of a member, until more comes than was announced or than is believed."""
    inflater, count = zlib.decompressobj(-15), 0
    waiting = packed
    believed = min(entry.file_size, room, max(SMALL, RATIO * len(packed)))
    while not inflater.eof:
        try:
            chunk = inflater.decompress(waiting, 2**20)
        except zlib.error as error:
            raise DeliveryError(f"{name} in the ZIP is damaged: {error}") from None
        waiting = inflater.unconsumed_tail
        count += len(chunk)
        if count > believed:
            raise DeliveryError(
                f"{name} in the ZIP unpacks to more than {believed:,} bytes from {len(packed):,}: not believed"
            )
        if not (chunk or waiting or inflater.eof):
            raise DeliveryError(f"{name} in the ZIP is cut off")
        yield chunk


def _checked(member: str, name: str, content: bytes, formats: list[str]) -> TableFile:
    """A table file whose content is of the kind its name says."""
    where = f"{member} in the ZIP" if member else "the file"
    extension = _extension(name)
    if extension not in formats:
        raise DeliveryError(f"{where} is of the kind .{extension}: expected {_words(formats)}")
    if not content:
        raise DeliveryError(f"{where} is empty: expected a head and rows, got 0 bytes")
    actual = next((kind for kind, magic in MAGIC.items() if content.startswith(magic)), "csv")
    if actual == extension:
        return TableFile(member, extension, content)
    if extension == "xlsx" and actual == "xls":
        raise DeliveryError(f"{where} is named .xlsx, but is an XLS or encrypted: deliver it without a password")
    got = {"csv": "text", "xlsx": "a ZIP or XLSX", "xls": "an XLS"}[actual]
    if actual == "csv" and content.lstrip()[:1] == b"<":
        got = "a web page or XML"
    raise DeliveryError(f"{where} is named .{extension}, but its content is {got}")


def _extension(name: str) -> str:
    return PurePosixPath(name).suffix.removeprefix(".").lower()


def _words(formats: list[str]) -> str:
    return " or ".join(f".{name}" for name in formats)
