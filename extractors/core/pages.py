"""Reading a list page by page while the source goes on changing it."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from extractors.core.errors import SchemaError, TransientError

CRAWLS = 3
HEAD_READS = 5

Record = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of a list, the total the source declared with them, and the crawl they belong to.

    A page of a later crawl makes all pages of earlier crawls void. Within a crawl the record read last counts.
    `partition` names the part of the resource the list is (one bank's products), where the resource comes in parts.
    `payload`: hash of the answer the records came in; empty: the newest one. `repeats`: how many of the declared total
    the source itself counts twice.
    Raises `SchemaError` where a record is not an object.
    """

    records: list[Record]
    declared_total: int
    crawl: int = 0
    partition: str = ""
    payload: str = ""
    repeats: int = 0

    def __post_init__(self) -> None:
        for record in self.records:
            if not isinstance(record, dict):
                raise SchemaError(f"expected a list of records, got {record!r:.80} among them")

    def keys(self, name: str) -> list[str]:
        """The key of every record, as text."""
        return [str(record.get(name)) for record in self.records]


@dataclass(frozen=True, slots=True)
class Broken:
    """A part of the resource that could not be read; whatever was known of it stays as it is."""

    partition: str
    message: str


@dataclass(frozen=True, slots=True)
class Bulk:
    """A part that came as one large file.

    `path`: a Parquet file with the kept columns, as text, and `_row`, the row's place in the file that came, from 0;
    it is gone once the next thing is asked of the extractor. `payload`: hash of the archived file.
    """

    path: Path
    declared_total: int
    payload: str
    partition: str = ""


@dataclass(frozen=True, slots=True)
class Since:
    """What an extractor of new and changed records is given: where the last reading ended; None: read everything."""

    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next reading begins, in the source's own words, and whether this one read everything."""

    text: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Warn:
    """Something a person should know, that makes no record unusable."""

    message: str


Yielded = Page | Broken | Bulk | Cursor | Warn


def at(document: Any, path: str, kind: type[T]) -> T:
    """The value at a dotted path of a JSON document; raise `SchemaError` where it is absent or of another kind."""
    value = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, kind):
        raise SchemaError(f"expected {kind.__name__} at {path!r} of the answer, got {value!r:.80}")
    return value


class ListMoved(TransientError):
    """The list changed in every crawl in a way that could hide a record."""


def stable_pages(page_at: Callable[[int], Page], *, key: str, first: int = 0) -> Iterator[Page]:
    """Yield every page of a list, so that all records of one moment are among them.

    `page_at(index)` fetches one page, `first` is the first index, `key` names the record key.

    A record that is put on top while we read pushes a known one to the next page: the total or a repeated key
    betrays it, and the head of the list is read again until it stands still. A list that lost a record while
    we read may have hidden another one, and a page that came twice says nothing: it is read again from the start.
    Raises `ListMoved` when that happens in each of 3 crawls, `SchemaError` when it is the page that came twice.
    Whoever stores the pages must still count the distinct keys against the last declared total: that is the proof.
    """
    for crawl in range(CRAWLS):
        total, read, index = -1, 0, first
        moved = shrank = repeated = False
        before: list[str] = []
        head: set[tuple[str, str]] = set()
        while True:
            page = page_at(index)
            keys = page.keys(key)
            repeated = keys == before and page.declared_total > read
            if repeated:
                break
            yield replace(page, crawl=crawl)
            moved |= total not in (-1, page.declared_total) or not set(before).isdisjoint(keys)
            shrank |= page.declared_total < total
            total, read, before = page.declared_total, read + len(keys), keys
            head = head or set(pairwise(keys))
            if not keys or read >= total:
                break
            index += 1
        if repeated or shrank:
            continue
        if not moved or (yield from _still_head(page_at, key, first, crawl, head, total)):
            return
    if repeated:
        raise SchemaError(f"page {index} repeats page {index - 1}: the source ignores the page number")
    raise ListMoved(f"the list lost records while it was read, {CRAWLS} crawls in a row")


def _still_head(
    page_at: Callable[[int], Page], key: str, first: int, crawl: int, head: set[tuple[str, str]], total: int
) -> Generator[Page, None, bool]:
    """Read from the top down to where we began, until the total no longer moves; return whether it stood.

    Where we began is where two records of the first page stand side by side as they did: a single one may have
    been moved to the top, above records we do not know.
    """
    for _ in range(HEAD_READS):
        index, read, reached, grew = first, 0, False, False
        while not reached:
            page = page_at(index)
            yield replace(page, crawl=crawl)
            if page.declared_total < total:
                return False
            grew |= page.declared_total > total
            total, read = page.declared_total, read + len(page.records)
            reached = not page.records or read >= total or not head.isdisjoint(pairwise(page.keys(key)))
            index += 1
        if not grew:
            return True
    return False
