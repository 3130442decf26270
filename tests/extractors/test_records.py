"""`extractors.core.records`: from pages of JSON records to one file of text."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.core import records as module
from extractors.core.archive import PartCount
from extractors.core.errors import SchemaError
from extractors.core.pages import Bulk, Page
from extractors.core.records import RecordWriter, content_hash
from extractors.core.spec import Resource

Build = Callable[..., Resource]


def write(resource: Resource, folder: Path, *pages: Page) -> tuple[PartCount, list[dict[str, Any]]]:
    """Write pages, each from a payload named after its place; return the counts and the stored rows."""
    folder.mkdir(exist_ok=True)
    with RecordWriter(resource, folder) as writer:
        for number, page in enumerate(pages):
            writer.add(page, f"payload{number}")
        counts = writer.finish(folder / "records.parquet")
    return counts.get("", PartCount()), pq.read_table(folder / "records.parquet").to_pylist()


def page(*records: dict[str, Any], total: int | None = None, crawl: int = 0) -> Page:
    return Page(list(records), len(records) if total is None else total, crawl)


def test_every_value_is_kept_as_text(resource: Build, tmp_path: Path) -> None:
    """Texts to the letter, numbers and truth values as JSON writes them, nested values as JSON, null as null."""
    columns = {"id": {"as": "project_id", "required": True}} | {name: {"as": name} for name in "abcdefgh"}
    record = {
        "id": 1461,
        "a": "  首次公开发行\n「\\\"'」\u3000",
        "b": "",
        "c": None,
        "d": 18446744073709551615,
        "e": True,
        "f": [{"i_person": None, "name": "中信证券"}, 1.5],
        "g": "2026-07-20 00:00:00",
    }
    _, (row,) = write(resource(columns), tmp_path, page(record))
    assert [row[name] for name in ["id", *"abcdefgh"]] == [
        "1461",
        "  首次公开发行\n「\\\"'」\u3000",
        "",
        None,
        "18446744073709551615",
        "true",
        '[{"i_person":null,"name":"中信证券"},1.5]',
        "2026-07-20 00:00:00",
        None,
    ]


texts = st.text(st.characters(exclude_categories=["Cs"])) | st.none()


@settings(max_examples=8)
@given(values=st.lists(texts, min_size=30, max_size=60))
def test_texts_survive_to_the_letter(values: list[str | None], tmp_path_factory: Any, resource: Build) -> None:
    """No text, however odd, is changed on its way into the file."""
    records = [{"id": f"{at:02}", "name": value} for at, value in enumerate(values)]
    _, rows = write(resource(), tmp_path_factory.getbasetemp() / "texts", page(*records))
    assert [row["name"] for row in rows] == values


def test_each_record_knows_where_it_came_from(resource: Build, tmp_path: Path) -> None:
    """`_payload` and `_row` lead to the record in the kept answer."""
    pages = page({"id": "b", "name": "1"}, {"id": "c", "name": "2"}), page({"id": "a", "name": "3"})
    _, rows = write(resource(), tmp_path, *pages)
    assert sorted((row["id"], row["_payload"], row["_row"]) for row in rows) == [
        ("a", "payload1", 0),
        ("b", "payload0", 0),
        ("c", "payload0", 1),
    ]


def test_personal_and_undeclared_columns_are_not_stored(resource: Build, tmp_path: Path) -> None:
    """Only declared columns that are not personal reach the file; undeclared ones are reported by name."""
    record = {"id": "1", "name": "x", "linkman": "ZHANG", "upstreamExtra": "new", "": 1}
    with RecordWriter(resource(), tmp_path) as writer:
        writer.add(page(record), "payload")
        writer.finish(tmp_path / "records.parquet")
        assert writer.unknown == {"upstreamExtra", ""}
    kept = ["id", "name", "more", "tree", "_part", "_payload", "_row", "_record_hash"]
    assert pq.read_schema(tmp_path / "records.parquet").names == kept


HASHED = [
    {"name": None, "more": None},
    {"name": "", "more": None},
    {"name": None, "more": ""},
    {"name": "", "more": ""},
    {"name": "\x00", "more": None},
    {"name": "-", "more": None},
    {"name": "a\x1fb", "more": "c"},
    {"name": "a", "more": "b\x1fc"},
    {"name": "ab", "more": ""},
    {"name": "", "more": "ab"},
    {"name": "a", "more": "b"},
    {"name": "1:a", "more": None},
    {"name": "null", "more": None},
]


def test_different_records_hash_differently(resource: Build, tmp_path: Path) -> None:
    """NULL, '' and values that would run into each other all have hashes of their own."""
    rows = [write(resource(), tmp_path, page({"id": "1", **values}))[1][0] for values in HASHED]
    assert len({row["_record_hash"] for row in rows}) == len(HASHED)


def test_the_hash_says_what_the_record_says(resource: Build, tmp_path: Path) -> None:
    """The same values give the same hash, whatever answer and place they came from; an absent value is a null one."""
    first = write(resource(), tmp_path / "1", page({"id": 1, "name": "x"}))[1][0]
    again = write(
        resource(),
        tmp_path / "2",
        page({"id": 0, "name": "y"}),
        page({"name": "x", "more": None, "id": "1", "extra": 1}),
    )[1][1]
    assert first["_record_hash"] == again["_record_hash"]
    assert first["_payload"] != again["_payload"]


def test_the_content_hash_says_what_the_list_says(resource: Build, tmp_path: Path) -> None:
    """The order of the list does not count, every value does."""
    one, two = {"id": "1", "name": "x"}, {"id": "2", "name": "y"}
    hashes = []
    for at, records in enumerate([(one, two), (two, one), (one, {**two, "more": ""}), (one,), ()]):
        write(resource(), tmp_path / str(at), page(*records))
        hashes.append(content_hash(resource(), tmp_path / str(at) / "records.parquet", [""]))
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 4


def test_each_part_is_counted_by_itself(resource: Build, tmp_path: Path) -> None:
    """A later crawl of one part makes void that part's earlier one only; the hash covers the parts asked for."""
    north, south = {"id": "n1", "name": "x"}, {"id": "s1", "name": "y"}
    with RecordWriter(resource(), tmp_path) as writer:
        writer.add(Page([north, {"id": "n0"} | {"name": "void"}], 2, 0, "north"), "p0")
        writer.add(Page([south], 2, 0, "south"), "p1")
        writer.add(Page([north], 1, 1, "north"), "p2")
        counts = writer.finish(tmp_path / "records.parquet")
    assert counts == {
        "north": PartCount(fetched=1, records=1, declared=1),
        "south": PartCount(fetched=1, records=1, declared=2),
    }
    rows = pq.read_table(tmp_path / "records.parquet").to_pylist()
    assert sorted((row["_part"], row["id"], row["_payload"]) for row in rows) == [
        ("north", "n1", "p2"),
        ("south", "s1", "p1"),
    ]
    hashes = {content_hash(resource(), tmp_path / "records.parquet", parts) for parts in ([], ["north"], ["south"])}
    assert len(hashes) == 3


def test_a_required_column_missing_from_every_record_is_a_changed_source(resource: Build, tmp_path: Path) -> None:
    """The error names the column and what came instead; one record without it is the row rules' business."""
    write(resource(), tmp_path, page({"id": "1"}, {"id": "2", "name": "x"}))
    with (
        pytest.raises(SchemaError, match="required column name is missing from every record; got cmpnm, id"),
        RecordWriter(resource(), tmp_path) as writer,
    ):
        writer.add(page({"id": "1", "cmpnm": "x"}, {"id": "2"}), "payload")


@pytest.mark.parametrize("blank", [{}, {"id": None}, {"id": ""}, {"id": " "}])
def test_a_record_without_its_key_is_named(blank: dict[str, Any], resource: Build, tmp_path: Path) -> None:
    """A record nobody can follow stops the fetch; the error leads to payload and place."""
    with pytest.raises(SchemaError, match="record 2 of payload payload0 has no id"):
        write(resource(), tmp_path, page({"id": "1", "name": "x"}, {**blank, "name": "y"}))


def test_both_parts_of_a_key_must_be_there(resource: Build, tmp_path: Path) -> None:
    """A key of two columns needs both; a record is one only together with the other."""
    columns = {name: {"as": name.lower(), "required": True} for name in ("exchange", "no")}
    paired = resource(columns, key=["exchange", "no"])
    counts, _ = write(paired, tmp_path / "1", page({"exchange": "SSE", "no": 1}, {"exchange": "SSE", "no": 2}))
    assert counts.records == 2
    with pytest.raises(SchemaError, match=r"has no exchange \+ no"):
        write(paired, tmp_path / "2", page({"exchange": "SSE", "no": 1}, {"exchange": "SSE"}))


def test_repeats_are_counted_and_the_last_read_wins(resource: Build, tmp_path: Path) -> None:
    """A record that came again while the list moved counts once, with what was read last."""
    pages = (
        page({"id": "1", "name": "old"}, {"id": "2", "name": "x"}),
        page({"id": "2", "name": "x"}, {"id": "3", "name": "y"}),
        page({"id": "1", "name": "new"}),
    )
    counts, rows = write(resource(), tmp_path, *pages)
    assert (counts.fetched, counts.records) == (5, 3)
    assert {row["id"]: row["name"] for row in rows} == {"1": "new", "2": "x", "3": "y"}


def test_a_later_crawl_voids_the_earlier(resource: Build, tmp_path: Path) -> None:
    """After a new start only what the new crawl read counts: records, repeats, keyless ones and the total."""
    pages = page({"id": "1", "name": "x"}, {"name": "keyless"}, total=9), page({"id": "2", "name": "y"}, crawl=1)
    counts, rows = write(resource(), tmp_path, *pages)
    assert (counts.fetched, counts.records) == (1, 1)
    assert [row["id"] for row in rows] == ["2"]


def test_the_newest_total_is_the_declared_one(resource: Build, tmp_path: Path) -> None:
    """The total counts that came with the last page."""
    with RecordWriter(resource(), tmp_path) as writer:
        writer.add(page({"id": "1", "name": "x"}, total=2), "payload")
        writer.add(page({"id": "2", "name": "x"}, total=3), "payload")
        assert writer.declared_total == 3


@pytest.mark.parametrize("pages", [[], [Page([], 0)]])
def test_an_empty_list_is_an_empty_file(pages: list[Page], resource: Build, tmp_path: Path) -> None:
    """No records give a file without rows but with every column, never no file."""
    counts, rows = write(resource(), tmp_path, *pages)
    assert (counts.fetched, counts.records, rows) == (0, 0, [])
    assert "tree" in pq.read_schema(tmp_path / "records.parquet").names


def test_columns_with_odd_names(resource: Build, tmp_path: Path) -> None:
    """Reserved words, names of our own query, digits first and Chinese names are columns like others."""
    odd = ["select", "record", "payload", "row", "seq", "crawl", "records", "2026", "公司全称", "ORDER"]
    columns = {"id": {"as": "project_id", "required": True}} | {name: {"as": f"c{at}"} for at, name in enumerate(odd)}
    _, (row,) = write(resource(columns), tmp_path, page({"id": "1"} | {name: f"{name}'s" for name in odd}))
    assert [row[name] for name in odd] == [f"{name}'s" for name in odd]


def test_batches_add_up(resource: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written in many batches is what would be written in one, and nothing else is left in the folder."""
    pages = [page(*({"id": f"{at}-{n}", "name": "x" * n} for n in range(5))) for at in range(6)]
    whole, rows = write(resource(), tmp_path / "1", *pages)
    monkeypatch.setattr(module, "BATCH_BYTES", 100)
    assert write(resource(), tmp_path / "2", *pages) == (whole, rows)
    assert whole.records == 30
    assert [path.name for path in (tmp_path / "2").iterdir()] == ["records.parquet"]


def test_a_record_that_only_a_void_crawl_had_is_gone(resource: Build, tmp_path: Path) -> None:
    """Even where no key came twice."""
    pages = page({"id": "a", "name": "x"}, {"id": "b", "name": "y"}), page({"id": "c", "name": "z"}, crawl=1)
    counts, rows = write(resource(), tmp_path, *pages)
    assert (counts.records, [row["id"] for row in rows]) == (1, ["c"])


def test_a_part_that_came_as_one_file_is_stored_like_pages(tmp_path: Path, resource: Callable[..., Resource]) -> None:
    """The same values have the same record hash, whichever way they came; counts and places are the file's."""
    rows = [{"id": "a", "name": "甲", "more": None, "tree": ""}, {"id": "b", "name": "乙", "more": "1", "tree": "{}"}]
    file = tmp_path / "file.parquet.tmp"
    table = pa.Table.from_pylist([row | {"_row": at + 7} for at, row in enumerate(rows)])
    pq.write_table(table.cast(pa.schema([*((name, pa.string()) for name in rows[0]), ("_row", pa.int64())])), file)
    with RecordWriter(resource(), tmp_path) as writer:
        writer.add(Page(rows, 2, partition="pages"), "p")
        counts = writer.finish(tmp_path / "pages.parquet")
    with RecordWriter(resource(), tmp_path) as writer:
        writer.add_bulk(Bulk(file, 3, "f", "bulk"))
        assert (writer.fetched, writer.declared_total, writer.in_parts) == (2, 3, True)
        bulk = writer.finish(tmp_path / "bulk.parquet")
    assert (counts["pages"], bulk["bulk"]) == (
        PartCount(fetched=2, records=2, declared=2),
        PartCount(fetched=2, records=2, declared=3),
    )
    by_page, by_file = (pq.read_table(tmp_path / name).to_pylist() for name in ("pages.parquet", "bulk.parquet"))
    assert [row["_record_hash"] for row in by_page] == [row["_record_hash"] for row in by_file]
    assert [(row["_part"], row["_payload"], row["_row"]) for row in by_file] == [("bulk", "f", 7), ("bulk", "f", 8)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bulk.parquet", "file.parquet.tmp", "pages.parquet"]
