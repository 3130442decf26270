"""What the institutions drop: names, heads and layouts as agreed, dirt as told, the same bytes every time."""

import datetime as dt
import io
import json
import re
import unicodedata
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest
from delivered_files import NAMES, REQUIRED, Body, Seen, body, plain, sheets

from simulator import Simulator, World
from simulator.lending.calendar import OPENING
from simulator.lending.dirt import DUPLICATED_ROW, ROW_DIRT
from simulator.lending.drop import MANIFEST, Prepared, Written, drop, prepare, write
from simulator.lending.economy import Lending
from simulator.lending.files import Cell, Serial, cell_text
from simulator.lending.layout import converted
from simulator.lending.schedule import Event, Schedule
from simulator.lending.tables import Table

NIGHTS = [OPENING + dt.timedelta(days=day) for day in range(8)]


class File(NamedTuple):
    """A delivery as it was written, what it was to say, and what a reader finds in it (None: no table of its kind)."""

    one: Written
    told: Prepared
    found: Body | None

    @property
    def resource(self) -> tuple[str, str]:
        return self.one.delivery.part.source, self.one.delivery.part.resource


@pytest.fixture(scope="module")
def files(lending: Lending) -> list[File]:
    """All files of eight nights."""
    found = []
    for delivery in Schedule(lending).until(NIGHTS[-1]):
        one, told = write(lending, delivery), prepare(lending, delivery)
        table = None
        if delivery.event not in (Event.WRONG, Event.WITHDRAWAL):
            pages = sheets(one.file_name, one.files[one.file_name], told.style.encoding)
            table = body((delivery.part.source, delivery.part.resource), delivery.part.sender, pages)
        found.append(File(one, told, table))
    return found


@pytest.fixture(scope="module")
def readable(files: list[File]) -> list[tuple[Written, Prepared, Body]]:
    """Those that hold the table their name says."""
    return [(file.one, file.told, file.found) for file in files if file.found is not None]


Readable = list[tuple[Written, Prepared, Body]]


def test_names_are_as_agreed_and_say_sender_and_period(files: list[File]) -> None:
    for file in files:
        one = file.one
        assert re.fullmatch(NAMES[file.resource], one.file_name)
        assert one.delivery.part.period in one.file_name
        assert one.delivery.part.sender in (*one.file_name.split("_"), "nfra")


def test_every_file_has_the_agreed_heads(readable: Readable) -> None:
    for one, _, found in readable:
        part = one.delivery.part
        if found.rows:
            assert set(REQUIRED[part.source, part.resource].split()) <= found.rows[0].keys(), one.file_name


def test_amounts_carry_their_unit_in_the_head(readable: Readable) -> None:
    units: set[str] = set()
    for _, told, found in readable:
        assert found.units.keys() == {c.name for c in told.table.columns if c.kind in ("money", "percent")}
        units |= set(found.units.values())
    assert units == {"元", "万元", "亿元", "%", "‰"}


def test_what_differs_from_the_clean_rows_is_the_dirt_that_is_told(readable: Readable) -> None:
    """Cell by cell: nothing is spoiled that is not told, and nothing told that is not spoiled."""
    for one, told, body_found in readable:
        again = {i.row_key for i in told.injections if i.kind == DUPLICATED_ROW}
        expected = _clean(told, again)
        seen = _by_kind(body_found.rows, told.table)
        assert len(seen) == len(expected) == one.rows, one.file_name
        found = {
            (key, name)
            for (key, clean), row in zip(_sorted(told, expected), seen, strict=True)
            for name, cell in row.items()
            if not _same(cell, clean[name], told)
        }
        assert found == {(i.row_key, i.column) for i in told.injections if i.column}, one.file_name


def _clean(told: Prepared, again: set[str | None]) -> list[dict[str, Cell]]:
    names = [column.name for column in told.table.columns]
    at = told.table.at(told.table.key)
    rows = []
    for row in converted(told.table, told.style):
        rows += [dict(zip(names, row, strict=True))] * (2 if cell_text(row[at]) in again else 1)
    return rows


def _sorted(told: Prepared, rows: list[dict[str, Cell]]) -> list[tuple[str, dict[str, Cell]]]:
    """In the order of the file: 江苏 has the re-guarantors on a sheet of their own, after the others."""
    if told.delivery.part.sender == "32":
        rows = sorted(rows, key=lambda row: row["业务类型"] == "再担保")
    return [(cell_text(row[told.table.key]), row) for row in rows]


def _by_kind(rows: list[dict[str, Seen | None]], table: Table) -> list[dict[str, Seen | None]]:
    ours = {column.name for column in table.columns if column.kind != "person"}
    return [{name: cell for name, cell in row.items() if name in ours} for row in rows]


def _same(seen: Seen | None, clean: Cell, told: Prepared) -> bool:
    if clean is None:
        return seen is None
    kind = "text"
    text = cell_text(clean)
    if isinstance(clean, dt.date):
        kind = "date" if told.style.kind == "xlsx" else "text"
        text = f"{clean.year}年{clean.month}月{clean.day}日" if told.style.chinese_dates else text
    elif isinstance(clean, int | Decimal) and told.style.is_sheet:
        kind, text = "number", plain(float(clean))
    return seen == Seen(kind if told.style.is_sheet else "text", text)


def test_each_kind_of_dirt_occurs(files: list[File]) -> None:
    kinds = {injection.kind for file in files for injection in file.one.injections}
    declared = {dirt.kind for rules in ROW_DIRT.values() for dirt in rules}
    assert kinds == declared | {DUPLICATED_ROW, "gb18030"} | {event.value for event in Event} - {Event.REGULAR}


def test_totals_are_the_sums_of_the_rows(readable: Readable) -> None:
    """To the last digit, full-width digits and duplicated rows included."""
    checked = 0
    for one, _, found in readable:
        if len(found.totals) != 1:
            continue
        for name, total in found.totals[0].items():
            if total is None or total.text == "合计":
                continue
            cells = [unicodedata.normalize("NFKC", cell.text) for row in found.rows if (cell := row[name])]
            assert sum(map(Decimal, cells)) == Decimal(total.text), (one.file_name, name)
            checked += 1
    assert checked > 50


def test_jiangsu_has_titles_a_merged_head_and_a_sheet_for_each_kind(files: list[File]) -> None:
    one = next(file.one for file in files if file.one.file_name == "guarantee_list_32_2026-03-31.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(one.files[one.file_name]))
    assert [page.sheet_state for page in book] == ["visible", "visible", "hidden"]
    assert book.sheetnames[:2] == ["融资担保公司", "再担保公司"]
    merged = {str(place) for place in book.worksheets[0].merged_cells.ranges}
    assert {"A1:O1", "A2:O2", "C3:I3", "J3:L3", "A3:A4"} <= merged
    kinds = [{row[8] for row in page.iter_rows(min_row=5, values_only=True)} for page in book.worksheets[:2]]
    assert kinds[1] - {None} == {"再担保"}
    assert "再担保" not in kinds[0]


def test_guangdong_writes_gb18030_without_a_title(files: list[File]) -> None:
    one = next(file.one for file in files if file.one.file_name == "guarantee_list_44_2026-03-31.csv")
    content = one.files[one.file_name]
    assert content.decode("gb18030").startswith("序号,机构名称,统一社会信用代码")
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")


def test_manifests_say_rows_and_checksum_and_one_lies(readable: Readable) -> None:
    lies = []
    for one, _, found in readable:
        name = one.file_name + MANIFEST
        if one.delivery.part.resource == "contract":
            assert name in one.files
        if name in one.files:
            told = json.loads(one.files[name])
            assert told["sha256"] == sha256(one.files[one.file_name]).hexdigest()
            assert (told["source"], told["resource"], told["sender"], told["period"]) == one.delivery.part[:4]
            if told["rows"] != len(found.rows):
                lies.append(one.delivery.event)
    assert lies == [Event.LYING]


def test_a_correction_is_issued_after_what_it_corrects(readable: Readable) -> None:
    """A reader takes files in the order in which they were issued."""
    issued: dict[object, str] = {}
    for one, _, _ in readable:
        if one.file_name + MANIFEST in one.files:
            at = json.loads(one.files[one.file_name + MANIFEST])["issued_at"]
            assert one.delivery.event is Event.REPEAT or at > issued.get(one.delivery.part, "")
            assert at < str(one.delivery.night)
            issued[one.delivery.part] = at


def test_a_withdrawal_is_a_manifest_alone(files: list[File]) -> None:
    (one,) = [file.one for file in files if file.one.delivery.event is Event.WITHDRAWAL]
    ((name, content),) = one.files.items()
    assert name == one.file_name + MANIFEST
    assert json.loads(content)["withdraw"] is True


def test_the_bad_deliveries_come_on_a_known_night_and_their_corrections_on_the_next(lending: Lending) -> None:
    schedule = Schedule(lending)
    events = [{d.event: d.part for d in schedule.on(night) if d.event is not Event.REGULAR} for night in NIGHTS[:5]]
    assert [set(night) for night in events] == [
        set(),
        {Event.LYING, Event.WRONG},
        {Event.CORRECTION, Event.LATE, Event.REPEAT},
        {Event.CORRECTION, Event.WITHDRAWAL},
        set(),
    ]
    corrected = {d.part for d in schedule.on(NIGHTS[2]) if d.event is Event.CORRECTION}
    assert corrected == set(events[1].values())


def test_a_repeated_file_is_the_same_and_a_corrected_one_is_not(readable: Readable) -> None:
    first: dict[object, bytes] = {}
    events = set()
    for one, _, _ in readable:
        content = one.files[one.file_name]
        before = first.setdefault(one.delivery.part, content)
        if one.delivery.event is Event.REPEAT:
            assert content == before
        elif one.delivery.restated:
            assert content != before
        events.add((one.delivery.event, one.delivery.restated))
    assert {(Event.REPEAT, False), (Event.CORRECTION, True), (Event.CORRECTION, False)} <= events


def test_every_regular_file_comes_once_and_history_comes_first(lending: Lending) -> None:
    arrived = [d.part for d in Schedule(lending).until(NIGHTS[-1]) if d.event in (Event.REGULAR, Event.LATE)]
    assert len(set(arrived)) == len(arrived)
    periods = {(part.resource, part.period) for part in arrived}
    assert {("quarter", "2025Q2"), ("quarter", "2026Q2"), ("contract", "2026-03"), ("contract", "2026-06")} <= periods
    for night in NIGHTS[:7]:
        assert Schedule(lending).on(night)
    assert not Schedule(lending).on(OPENING - dt.timedelta(days=1))


def test_the_same_night_gives_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    def all_of(folder: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
        }

    first, second = Lending(World(100, seed=9)), Lending(World(100, seed=9))
    for night in NIGHTS[:3]:
        drop(first, night, tmp_path / "forwards")
    for night in NIGHTS[2::-1]:
        drop(second, night, tmp_path / "backwards" / str(night))
    merged: dict[str, bytes] = {}
    for night in NIGHTS[:3]:
        merged |= all_of(tmp_path / "backwards" / str(night))
    assert all_of(tmp_path / "forwards") == merged
    drop(Lending(World(100, seed=10)), OPENING, tmp_path / "another")
    assert all_of(tmp_path / "another") != all_of(tmp_path / "backwards" / str(OPENING))


def test_a_running_simulator_drops_the_files_of_its_night(tmp_path: Path) -> None:
    with Simulator(size=100, seed=9, night="2026-07-14") as sim:
        told = sim.drop(tmp_path)
        arrived = [row for row in sim.lending_truth()["quality.delivery"] if row["received_on"] == sim.night]
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {name for one in told for name in one.files}
    assert (tmp_path / "guarantor_reports").is_dir()
    assert sorted(str(row["file_name"]) for row in arrived) == sorted(one.file_name for one in told)


def test_a_date_without_format_is_the_number_a_spreadsheet_counts() -> None:
    """45000 is 2023-03-15."""
    assert Serial(dt.date(2023, 3, 15)).number == 45000
