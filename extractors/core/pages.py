"""Reading a list page by page while the source goes on changing it."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
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
    """

    records: list[Record]
    declared_total: int
    crawl: int = 0


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
    we read may have hidden another one: it is read again from the start. Raises `ListMoved` when that
    happens in each of 3 crawls. Whoever stores the pages must still count the distinct keys against the last
    declared total: that is the proof.
    """
    for crawl in range(CRAWLS):
        total, read, moved, shrank = -1, 0, False, False
        head: set[Any] = set()
        before: set[Any] = set()
        index = first
        while True:
            page = page_at(index)
            keys = {record.get(key) for record in page.records}
            if before and keys == before and page.declared_total > read:
                raise SchemaError(f"page {index} repeats page {index - 1}: the source ignores the page number")
            moved |= total not in (-1, page.declared_total) or bool(before & keys)
            shrank |= page.declared_total < total
            yield replace(page, crawl=crawl)
            total, read, before = page.declared_total, read + len(page.records), keys
            head = head or keys
            if not page.records or read >= total:
                break
            index += 1
        if not moved:
            return
        if not shrank and (yield from _still_head(page_at, key, first, crawl, head, total)):
            return
    raise ListMoved(f"the list lost records while it was read, {CRAWLS} crawls in a row")


def _still_head(
    page_at: Callable[[int], Page], key: str, first: int, crawl: int, head: set[Any], total: int
) -> Generator[Page, None, bool]:
    """Read from the top down to a record we know, until the total no longer moves; return whether it stood."""
    for _ in range(HEAD_READS):
        index, reached = first, False
        newest = total
        while not reached:
            page = page_at(index)
            yield replace(page, crawl=crawl)
            reached = not page.records or any(record.get(key) in head for record in page.records)
            newest = page.declared_total
            index += 1
        if newest == total:
            return True
        if newest < total:
            return False
        total = newest
    return False
