"""What the XML of an XLSX says that its reader passes over: formulas without a value, errors, and how far cells reach.

Nothing here resolves an entity: a document that declares any is refused before a parser sees it.
"""

import io
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from xml.parsers import expat

from extractors.core.errors import DeliveryError

TEXT = 32_767  # characters of a cell, as spreadsheet programs have it
PERCENT = ("9", "10")  # the number formats 0% and 0.00%, which no file spells out
CELLS = 25_000_000  # of a sheet, from the first to the last; a reader lays them all out


@dataclass(slots=True)
class Sheet:
    """What was found in a sheet; positions are (row, column) from 1. `text`: bytes that its shared texts come to."""

    rows: int = 0
    columns: int = 0
    text: int = 0
    formulas: list[tuple[int, int]] = field(default_factory=list)
    unvalued: list[tuple[int, int]] = field(default_factory=list)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    percents: list[tuple[int, int]] = field(default_factory=list)


def refuse_declarations(members: dict[str, bytes]) -> None:
    """Raise `DeliveryError` where a member declares a document type or entities (in UTF-8 or UTF-16)."""
    for name, content in members.items():
        plain = content.replace(b"\0", b"") if b"\0" in content[:64] else content
        if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
            raise DeliveryError(f"{name} in the XLSX declares a document type or entities: never taken")


def sheet_members(members: dict[str, bytes]) -> dict[str, str]:
    """Sheet name → name of its member."""
    book = _root(members, "xl/workbook.xml")
    targets = {}
    for relation in _root(members, "xl/_rels/workbook.xml.rels"):
        target = relation.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
        targets[relation.get("Id", "")] = path
    found = {}
    for element in book.iter():
        if _local(element.tag) == "sheet":
            ids = [value for name, value in element.attrib.items() if _local(name) == "id"]
            found[element.get("name", "")] = targets.get(ids[0] if ids else "", "")
    return found


def counts_from_1904(members: dict[str, bytes]) -> bool:
    """Whether the numbers of days in the workbook count from 1904."""
    for element in _root(members, "xl/workbook.xml").iter():
        if _local(element.tag) == "workbookPr":
            return element.get("date1904", "0") in ("1", "true")
    return False


def percent_styles(members: dict[str, bytes]) -> set[str]:
    """The styles that show a number as its hundredfold and `%`, as cells name them."""
    if "xl/styles.xml" not in members:
        return set()
    shown, styles = set(PERCENT), set()
    for element in _root(members, "xl/styles.xml").iter():
        tag = _local(element.tag)
        if tag == "numFmt" and shows_percent(element.get("formatCode", "")):
            shown.add(element.get("numFmtId", ""))
        elif tag == "cellXfs":
            styles = {str(at) for at, style in enumerate(element) if style.get("numFmtId") in shown}
    return styles


def shows_percent(form: str) -> bool:
    """Whether a number format shows percent; a `%` in quotes is only text."""
    return "%" in re.sub(r'"[^"]*"|\\.', "", form)


def shared_texts(members: dict[str, bytes]) -> list[int]:
    """How many bytes each text has that cells refer to; raise `DeliveryError` for one that no cell can hold.

    Cells of a few bytes may refer to one long text again and again, and a reader gives each of them a copy.
    """
    sizes: list[int] = []
    for name, content in members.items():
        if PurePosixPath(name).name.lower() != "sharedstrings.xml":
            continue
        try:
            for _, element in ElementTree.iterparse(io.BytesIO(content)):
                if _local(element.tag) != "si":
                    continue
                text = "".join(run.text or "" for run in element.iter() if _local(run.tag) == "t")
                if len(text) > TEXT:
                    raise DeliveryError(
                        f"{name} in the XLSX: a text of {len(text):,} characters, a cell holds {TEXT:,}"
                    )
                sizes.append(len(text.encode()))
                element.clear()
        except ElementTree.ParseError as error:
            raise DeliveryError(f"{name} in the XLSX is not readable as XML: {error}") from None
    return sizes


def scanned(name: str, content: bytes, texts: list[int], percents: set[str]) -> Sheet:
    """What a sheet's XML says; raise `DeliveryError` where it is broken or reaches absurdly far.

    `texts`: sizes of the shared texts; `percents`: styles that show percent.
    """
    scan = _Scan(name, texts, percents)
    try:
        scan.parser.Parse(content, True)
    except expat.ExpatError as error:
        raise DeliveryError(f"sheet {name}: not readable as XML: {error}") from None
    return scan.found


class _Scan:
    """Walks through the cells of a sheet."""

    def __init__(self, name: str, texts: list[int], percents: set[str]) -> None:
        self.name, self.found = name, Sheet()
        self._texts, self._percents = dict(enumerate(texts)), percents
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self._row = self._column = 0
        self._has_formula = self._is_error = self._is_shared = self._is_percent = False
        self._value: list[str] = []

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = _local(tag)
        if tag == "c":
            self._at(attributes.get("r"))
            kind, self._value = attributes.get("t"), []
            self._has_formula, self._is_error, self._is_shared = False, kind == "e", kind == "s"
            self._is_percent = kind in (None, "n") and attributes.get("s", "0") in self._percents
        elif tag == "row":
            self._row = _whole(attributes.get("r")) or self._row + 1
            self._column = 0
        elif tag == "f":
            self._has_formula = True
        elif tag == "v" and self._is_percent:
            self.found.percents.append((self._row, self._column))
        if tag in ("v", "t") and (self._has_formula or self._is_error or self._is_shared):
            self.parser.CharacterDataHandler = self._value.append

    def _end(self, tag: str) -> None:
        tag = _local(tag)
        if tag in ("v", "t"):
            self.parser.CharacterDataHandler = None
        elif tag == "c" and (self._has_formula or self._is_error or self._is_shared):
            at, value = (self._row, self._column), "".join(self._value)
            if self._has_formula:
                self.found.formulas.append(at)
                if not value:
                    self.found.unvalued.append(at)
            if self._is_shared:
                self.found.text += self._texts.get(_whole(value), 0)
            if self._is_error and value:
                self.found.errors[at] = value

    def _at(self, reference: str | None) -> None:
        match = re.fullmatch(r"([A-Z]{1,3})([0-9]{1,7})", reference or "")
        if match:
            self._row, self._column = int(match[2]), column_number(match[1])
        elif reference:
            raise DeliveryError(f"sheet {self.name}: expected a cell such as B7, got {reference[:20]!r}")
        else:
            self._column += 1
        found = self.found
        if self._row > found.rows or self._column > found.columns:
            found.rows, found.columns = max(found.rows, self._row), max(found.columns, self._column)
            if found.rows * found.columns > CELLS:
                raise DeliveryError(
                    f"sheet {self.name} reaches to row {found.rows:,} and column {found.columns:,}: "
                    f"more than {CELLS:,} cells are not taken"
                )


def column_number(letters: str) -> int:
    """`A` → 1, `AA` → 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    """1 → `A`, 27 → `AA`."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _whole(text: str | None) -> int:
    return int(text) if text and re.fullmatch(r"[0-9]{1,7}", text) else 0


def _local(name: str) -> str:
    return name.rpartition("}")[2].rpartition(":")[2]


def _root(members: dict[str, bytes], name: str) -> ElementTree.Element:
    if name not in members:
        raise DeliveryError(f"not an XLSX: it holds no {name}")
    try:
        return ElementTree.fromstring(members[name])
    except ElementTree.ParseError as error:
        raise DeliveryError(f"{name} in the XLSX is not readable as XML: {error}") from None
