"""Files that mean harm, or have been harmed: each is refused in words before it costs anything."""

import io
import struct
import time
import zipfile
import zlib

import pytest
from delivered import HEAD, ROWS, came, csv, repacked, resource, xlsx, zipped_as

from extractors.core import sheet_xml
from extractors.core.errors import DeliveryError
from extractors.core.unpack import unpacked_members

GOOD = csv(HEAD, *ROWS)
LAUGHS = b"""<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]>"""


def patched(content: bytes, field: str, value: int) -> bytes:
    """A ZIP of one member whose central directory states another `size` or `flags`."""
    at = content.rindex(b"PK\x01\x02")
    offset, form = {"size": (24, "<I"), "flags": (8, "<H"), "crc": (16, "<I")}[field]
    changed = bytearray(content)
    struct.pack_into(form, changed, at + offset, value)
    return bytes(changed)


def linked() -> bytes:
    """A ZIP whose member is a symbolic link."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("a.csv")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (zipped_as({"a.csv": bytes(150_000_000)}), "would unpack to 150,000,000 bytes, at most 100,000,000"),
        (zipped_as({"a.csv": b"a" * 90_000_000}), "unpacks to more than .* not believed"),
        (patched(zipped_as({"a.csv": bytes(9_000_000)}), "size", 1000), "unpacks to more than 1,000 bytes"),
        (patched(zipped_as({"a.csv": GOOD}), "size", 10_000), "says it has 10,000 bytes"),
        (patched(zipped_as({"a.csv": GOOD}), "crc", 1), "or others than announced"),
        (patched(zipped_as({"a.csv": GOOD}), "flags", 1), "encrypted: deliver it without a password"),
        (zipped_as({"../a.csv": GOOD}), "a path that leads elsewhere"),
        (zipped_as({"/a.csv": GOOD}), "a path that leads elsewhere"),
        (zipped_as({"a\\..\\b.csv": GOOD}), "a path that leads elsewhere"),
        (zipped_as({"C:a.csv": GOOD}), "a path that leads elsewhere"),
        (linked(), "a link or a device"),
        (zipped_as({"a.zip": zipped_as({"a.csv": GOOD})}), r"of the kind .zip: expected .xlsx or .xls or .csv"),
        (zipped_as({f"{n}.csv": GOOD for n in range(51)}), "holds 51 members, at most 50"),
        (zipped_as({}), "holds no file"),
        (zipped_as({"a.csv": b""}), "a.csv in the ZIP is empty"),
        (zipped_as({"a.csv": GOOD})[:-30], "not readable as a ZIP"),
    ],
)
def test_a_zip_is_taken_at_nobodys_word(content: bytes, said: str) -> None:
    """Bombs, lying headers, odd paths, links, encryption, nesting, too many members."""
    with pytest.raises(DeliveryError, match=said):
        came("list.zip", content)


def test_what_really_unpacks_is_counted_even_where_the_checksum_agrees() -> None:
    """A header can state a small size and the checksum of just that much; a trusting reader goes on unpacking."""
    bomb = zipped_as({"a.csv": GOOD + bytes(9_000_000)})
    lying = patched(patched(bomb, "size", len(GOOD)), "crc", zlib.crc32(GOOD))
    with zipfile.ZipFile(io.BytesIO(lying)) as archive:
        assert archive.read("a.csv") == GOOD  # what Python's own reader believes
    with pytest.raises(DeliveryError, match="unpacks to more than"):
        unpacked_members(lying, 10**8, 10)


@pytest.mark.parametrize("part", ["sheet1", "workbook", "styles"])
def test_billion_laughs_are_refused_before_a_parser_sees_them(part: str) -> None:
    """In whichever part of the workbook they are declared."""
    root = {"sheet1": b"<worksheet", "workbook": b"<workbook", "styles": b"<styleSheet"}[part]
    began = time.monotonic()
    with pytest.raises(DeliveryError, match="declares a document type or entities"):
        came("list.xlsx", repacked(xlsx(HEAD, *ROWS), **{part: (root, LAUGHS + root)}))
    assert time.monotonic() - began < 30


def test_declarations_are_seen_in_utf_16_too() -> None:
    """Parsers read UTF-16 where it begins with its mark."""
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        with pytest.raises(DeliveryError, match="declares"):
            sheet_xml.refuse_declarations({"xl/workbook.xml": LAUGHS.decode().encode(encoding)})


@pytest.mark.parametrize("cell", ["XFD1048576", "XFD1000000", "ZZ1048576"])
def test_a_sheet_that_reaches_absurdly_far_is_refused(cell: str) -> None:
    """Two cells span billions; a reader would lay them all out in memory."""
    content = repacked(xlsx(HEAD, *ROWS), sheet1=(b'<c r="A2"', f'<c r="{cell}"'.encode()))
    with pytest.raises(DeliveryError, match=r"sheet 一 reaches to row .*: more than 25,000,000 cells"):
        came("list.xlsx", content)


def test_an_xlsx_is_a_zip_and_held_to_the_same() -> None:
    """A bomb among its parts, a part that is cut off, one that is missing."""
    with pytest.raises(DeliveryError, match=r"would unpack to|not believed"):
        came("list.xlsx", zipped_as({"xl/workbook.xml": bytes(150_000_000)}))
    whole = xlsx(HEAD, *ROWS)
    for part, old, new in [("sheet1", b"</sheetData>", b""), ("workbook", b"</workbook>", b"")]:
        with pytest.raises(DeliveryError, match="not readable as X"):
            came("list.xlsx", repacked(whole, **{part: (old, new)}))


def with_shared_text(text: str, references: int) -> bytes:
    """A workbook in which so many cells refer to one text."""
    cells = "".join(f'<row r="{row}"><c r="B{row}" t="s"><v>0</v></c></row>' for row in range(2, references + 2))
    content = repacked(xlsx(HEAD, ["x"]), sheet1=(b"</row><row", b"</row>" + cells.encode() + b"<row"))
    shared = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>{text}</t></si></sst>'
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return zipped_as(
            {name: archive.read(name) for name in archive.namelist()} | {"xl/sharedStrings.xml": shared.encode()}
        )


def test_a_text_that_thousands_of_cells_refer_to_is_counted_each_time() -> None:
    """The file stays small, what is read out of it does not; nor is a text taken that no cell can hold."""
    with pytest.raises(DeliveryError, match=r"a text of 500,000 characters, a cell holds 32,767"):
        came("list.xlsx", with_shared_text("x" * 500_000, 9_000))
    with pytest.raises(DeliveryError, match=r"sheet 一: the texts of its cells come to more than 100,000,000 bytes"):
        came("list.xlsx", with_shared_text("x" * 30_000, 9_000))


def test_a_head_of_a_thousand_columns_is_refused() -> None:
    """Nobody delivers that."""
    with pytest.raises(DeliveryError, match="the head has 1001 columns"):
        came("list.csv", csv([str(n) for n in range(1001)]), resource())
