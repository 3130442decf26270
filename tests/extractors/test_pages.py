"""`extractors.core.pages`: a list that goes on changing while it is read page by page."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from extractors.core.errors import SchemaError, SourceError, TransientError
from extractors.core.pages import ListMoved, Page, at, stable_pages

Change = tuple[str, int]


@dataclass
class MovingList:
    """A source whose list changes between two page reads.

    `gaps[n]` are the changes after the n-th read: put a new record on top, move one to the top, remove one.
    """

    keys: list[str]
    size: int
    gaps: list[list[Change]] = field(default_factory=list)
    first: int = 0

    def __post_init__(self) -> None:
        self.reads: list[int] = []
        self.moments = [set(self.keys)]
        self._new = 0

    def page(self, index: int) -> Page:
        """One page as a client gets it."""
        if self.reads and len(self.reads) <= len(self.gaps):
            for change in self.gaps[len(self.reads) - 1]:
                self._change(*change)
            self.moments.append(set(self.keys))
        self.reads.append(index)
        start = (index - self.first) * self.size
        records = [{"id": key, "seen": len(self.reads)} for key in self.keys[start : start + self.size]]
        return Page(records, len(self.keys))

    def _change(self, kind: str, place: int) -> None:
        if kind == "insert":
            self._new += 1
            self.keys.insert(0, f"new{self._new}")
        elif self.keys:
            key = self.keys.pop(place % len(self.keys))
            if kind == "move":
                self.keys.insert(0, key)


@dataclass
class Union:
    """What a storer of the pages ends up with: the last crawl, the record read last."""

    records: dict[str, int]
    declared: int

    @property
    def keys(self) -> set[str]:
        """Distinct keys."""
        return set(self.records)


def union(pages: Iterator[Page]) -> Union:
    """Store pages as `RecordWriter` does."""
    stored, crawl = Union({}, 0), 0
    for page in pages:
        if page.crawl != crawl:
            stored, crawl = Union({}, 0), page.crawl
        stored.declared = page.declared_total
        stored.records |= {record["id"]: record["seen"] for record in page.records}
    return stored


def numbered(count: int) -> list[str]:
    return [f"k{number}" for number in range(count)]


def whole_or_told(source: MovingList) -> None:
    """Fail when what was read is neither the list of one moment nor visibly incomplete."""
    try:
        read = union(stable_pages(source.page, key="id"))
    except SourceError as error:
        event(type(error).__name__)
        return
    if len(read.keys) != read.declared:
        event("counted")  # the fetch is partial: fewer or more distinct records than declared
        return
    event("whole")
    assert read.keys in source.moments


def gaps(kinds: list[str], most: int | None) -> st.SearchStrategy[list[list[Change]]]:
    """Changes between page reads, at most so many in a gap."""
    change = st.tuples(st.sampled_from(kinds), st.integers(0, 30))
    return st.lists(st.lists(change, max_size=most or 6), max_size=14)


EVERY_KIND = ["insert", "move", "remove"]
sizes = st.integers(2, 5)
counts = st.integers(0, 14)


@given(count=counts, size=sizes, moves=gaps(EVERY_KIND, 1))
def test_one_change_between_two_reads_never_hides_a_record(count: int, size: int, moves: list[list[Change]]) -> None:
    """New records on top, moves to the top, removals: what comes out is the list of one moment, or it is told."""
    whole_or_told(MovingList(numbered(count), size, moves))


@given(count=counts, size=sizes, moves=gaps(["insert", "move"], None))
def test_any_number_of_new_and_moved_records_never_hides_one(count: int, size: int, moves: list[list[Change]]) -> None:
    """As long as the list only grows and moves, no burst of changes hides a record without being told."""
    whole_or_told(MovingList(numbered(count), size, moves))


@given(data=st.data(), count=counts, size=sizes)
def test_new_and_removed_records_never_hide_one(data: Any, count: int, size: int) -> None:
    """Fewer new and removed records between two reads than fit on a page never hide one without being told."""
    whole_or_told(MovingList(numbered(count), size, data.draw(gaps(["insert", "remove"], size - 1))))


@given(
    count=st.integers(1, 14),
    size=sizes,
    gap=st.integers(0, 6),
    kind=st.sampled_from(EVERY_KIND),
    place=st.integers(0, 30),
)
def test_a_list_that_changes_once_comes_out_whole(count: int, size: int, gap: int, kind: str, place: int) -> None:
    """One change at any point of the reading is never an error: the list comes out whole, as it was or as it is."""
    source = MovingList(numbered(count), size, [[]] * gap + [[(kind, place)]])
    read = union(stable_pages(source.page, key="id"))
    assert read.keys in source.moments
    assert read.declared == len(read.keys)


@given(count=st.integers(0, 40), size=st.integers(1, 7), first=st.sampled_from([0, 1]))
def test_a_list_that_stands_still_is_read_once(count: int, size: int, first: int) -> None:
    """Each page is asked for once, in order, and every record comes once."""
    source = MovingList(numbered(count), size, first=first)
    pages = list(stable_pages(source.page, key="id", first=first))
    assert [record["id"] for page in pages for record in page.records] == source.keys
    assert source.reads == list(range(first, first + max(-(-count // size), 1)))
    assert {page.crawl for page in pages} == {0}


def test_a_record_put_on_top_is_fetched_from_the_head() -> None:
    """The repeated record at the page boundary sends us back to the top, not through the whole list again."""
    source = MovingList(numbered(10), 3, [[("insert", 0)]])
    read = union(stable_pages(source.page, key="id"))
    assert read.keys == set(source.keys)
    assert source.reads == [0, 1, 2, 3, 0]


def test_a_record_moved_to_the_top_is_read_in_its_new_form() -> None:
    """A record that moves while we read (a status change) is stored as it was read last."""
    source = MovingList(numbered(6), 2, [[], [("move", 5)]])
    read = union(stable_pages(source.page, key="id"))
    assert source.keys[0] == "k5"
    assert read.keys == set(source.keys)
    assert read.records["k5"] == 4  # from the head, read after three pages


def test_more_new_records_than_a_page_are_all_fetched() -> None:
    """The head is read down to where the first crawl began, over as many pages as that takes."""
    source = MovingList(numbered(8), 3, [[("insert", 0)] * 7])
    read = union(stable_pages(source.page, key="id"))
    assert read.keys == set(source.keys)
    assert len(read.keys) == read.declared == 15


def test_a_known_record_moved_above_new_ones_does_not_end_the_head() -> None:
    """A record of the first page that was itself moved to the top says nothing about what stands below it."""
    source = MovingList(numbered(9), 3, [[], [("insert", 0)] * 4 + [("move", 4)]])
    assert union(stable_pages(source.page, key="id")).keys == set(source.keys)


def test_a_record_put_on_top_while_the_head_is_read_is_fetched_too() -> None:
    """The head is read again until its total stands still, not once."""
    moves: list[list[Change]] = [[("insert", 0)] * 3, [], [], [], [], [("insert", 0)]]
    source = MovingList(numbered(6), 2, moves)
    read = union(stable_pages(source.page, key="id"))
    assert read.keys == set(source.keys)
    assert len(read.keys) == read.declared == 10


def test_a_head_that_loses_a_record_while_it_is_read_does_not_stand_still() -> None:
    """A total that rises and falls back within one reading of the head hides a record: the list is read again."""
    moves = [[("insert", 0)], [("insert", 0)], [("insert", 0)], [("remove", 0)]]
    source = MovingList(numbered(4), 2, moves)
    read = union(stable_pages(source.page, key="id"))
    assert read.keys == set(source.keys)


def test_a_list_that_lost_a_record_is_read_again_from_the_start() -> None:
    """A removal pulls an unread record onto a page already read: only a new crawl finds it."""
    source = MovingList(numbered(6), 2, [[("remove", 0)]])
    pages = list(stable_pages(source.page, key="id"))
    assert pages[-1].crawl == 1
    assert union(iter(pages)).keys == set(source.keys) == {"k1", "k2", "k3", "k4", "k5"}


def test_a_list_that_never_stands_still_is_an_error() -> None:
    """A record lost in each of three crawls raises `ListMoved`, which may pass by itself."""
    source = MovingList(numbered(30), 2, [[("remove", 0)]] * 30)
    with pytest.raises(ListMoved, match="lost records while it was read, 3 crawls in a row") as caught:
        union(stable_pages(source.page, key="id"))
    assert isinstance(caught.value, TransientError)


def test_a_source_that_ignores_the_page_number_is_told() -> None:
    """The same page under two numbers, in every crawl, is a fault of the source or of our request: a person looks."""
    asked = []

    def page(index: int) -> Page:
        asked.append(index)
        return Page([{"id": key} for key in "abc"], 9)

    with pytest.raises(SchemaError, match="page 1 repeats page 0: the source ignores the page number"):
        list(stable_pages(page, key="id"))
    assert len(asked) == 6


def test_a_page_pushed_down_whole_is_not_taken_for_a_repeated_one() -> None:
    """Exactly a page of new records between two reads looks like an ignored page number, once; the list comes whole."""
    source = MovingList(numbered(6), 2, [[("insert", 0)] * 2])
    assert union(stable_pages(source.page, key="id")).keys == set(source.keys)


def test_an_empty_list_is_one_empty_page() -> None:
    """No records and a total of 0 end the reading at once."""
    assert list(stable_pages(MovingList([], 3).page, key="id")) == [Page([], 0)]


def test_a_list_that_ends_early_ends() -> None:
    """A total beyond the last record does not send us on for ever; the count against the total tells it."""
    pages = list(stable_pages(lambda index: Page([{"id": index}] if index < 3 else [], 9), key="id"))
    assert [len(page.records) for page in pages] == [1, 1, 1, 0]


@pytest.mark.parametrize("key", [{"no": 7}, [7], None, 7.5])
def test_any_key_can_be_compared(key: Any) -> None:
    """A key of an unexpected kind is carried on as it is; the record writer judges it."""
    page = Page([{"id": key}, {}], 2)
    assert list(stable_pages(lambda _: page, key="id")) == [page]


@pytest.mark.parametrize("records", [["a"], [{"id": 1}, None], [[]]])
def test_a_list_of_something_else_is_told(records: list[Any]) -> None:
    """A page holds objects; anything else among them is named."""
    with pytest.raises(SchemaError, match="expected a list of records, got"):
        Page(records, 1)


def test_at_walks_down_a_document() -> None:
    """A dotted path leads to the value."""
    assert at({"pageHelp": {"total": 1281}}, "pageHelp.total", int) == 1281


@pytest.mark.parametrize(
    ("document", "got"),
    [
        ({"pageHelp": {"total": "1281"}}, "'1281'"),
        ({"pageHelp": {}}, "None"),
        ({"pageHelp": None}, "None"),
        ({"pageHelp": [1281]}, "None"),
        ([], "None"),
        (None, "None"),
    ],
)
def test_at_names_path_kind_and_what_came(document: Any, got: str) -> None:
    """An absent value or one of another kind is a changed source: the error says where and what."""
    with pytest.raises(SchemaError, match=f"expected int at 'pageHelp.total' of the answer, got {got}"):
        at(document, "pageHelp.total", int)
