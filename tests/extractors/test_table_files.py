"""`extractors.core.table_file`: whatever shape a table comes in, the same rows come out, or words why not."""

from csv import DictReader
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from delivered import GOOD, HEAD, ROWS, TYPED, came, csv, good, judged, resource, xls, xlsx, zipped, zipped_as

from extractors.core.errors import DeliveryError
from extractors.core.spec import MONEY, all_specs

REAL = Path(__file__).parents[2].parent / "shared/upstream/data/ref/nfra_commercial_banks_2025-12-31.csv"
UNITS = Path(__file__).parents[2] / "dbt_project/seeds/reference/unit.csv"


@pytest.mark.parametrize(("name", "make"), [("list.xlsx", xlsx), ("list.xls", xls)])
def test_spreadsheets_give_what_a_csv_gives(name: str, make: Any) -> None:
    """Codes that became numbers get their zeros back, dates are ISO, whole numbers lose their point."""
    rows = [list(row) for row in TYPED]
    if make is xls:
        rows[0][4] = "2023-03-15"
    assert good(name, make(HEAD, *rows)) == GOOD


def test_rows_keep_the_number_a_person_sees() -> None:
    """Titles, blank lines, multi-line cells and notes count; the number is the one the spreadsheet shows."""
    lines = [["全省名录"], HEAD, ROWS[0], [""], ["0002", '"乙\n担保"', "1", "x", "", "", ""], ["注：完"]]
    found = judged("list.csv", csv(*lines), resource({"title_rows": 1}))
    assert [row["_row"] for row in found.table.to_pylist()] == [3, 5]
    assert found.faults == ['row 5, 户数: expected a whole number, got "x"']
    sheet = judged(
        "list.xlsx", xlsx(["全省名录"], HEAD, ROWS[0], [], ["0002", "乙", 1, "x"]), resource({"title_rows": 1})
    )
    assert [row["_row"] for row in sheet.table.to_pylist()] == [3, 5]


def test_units_must_stand_in_the_head_where_they_are_declared_to() -> None:
    """Half-width or full-width brackets; without a unit an amount means nothing."""
    half = [cell.replace("（", "(").replace("）", ")") for cell in HEAD]
    assert good("list.csv", csv(half, *ROWS)) == GOOD
    bare = [cell.replace("（万元）", "") for cell in HEAD]
    with pytest.raises(DeliveryError, match="注册资本: expected its unit in the head, such as 注册资本（万元）"):
        came("list.csv", csv(bare, *ROWS))


@pytest.mark.parametrize("unit", ["美元", "万员", "%"])
def test_a_unit_that_is_none_of_money_is_refused(unit: str) -> None:
    """Later nobody could say what the amounts are; a column may declare other units."""
    head = [cell.replace("万元", unit) for cell in HEAD]
    with pytest.raises(
        DeliveryError, match=rf"row 1 \(head\): 注册资本: expected the unit 万元 or 元 or .*, got {unit}"
    ):
        came("list.csv", csv(head, *ROWS))
    columns = {
        "机构编码": {"as": "code", "type": "code", "required": True},
        "费率": {"as": "rate", "type": "decimal", "unit": "head", "units": "% | ‰"},
    }
    of = resource(columns=columns)
    assert came("list.csv", csv(["机构编码", "费率（％）"], ["1", "2"]), of).table["费率_unit"].to_pylist() == ["%"]
    with pytest.raises(DeliveryError, match="费率: expected its unit in the head, such as 费率（%）"):
        came("list.csv", csv(["机构编码", "费率"], ["1", "2"]), of)


def test_the_units_of_money_are_those_that_are_converted_later() -> None:
    """A unit that one knows and the other does not would load a file and withhold all its rows."""
    with UNITS.open(encoding="utf-8") as lines:
        assert set(MONEY) == {row["word"] for row in DictReader(lines) if row["base"] == "CNY"}


def test_totals_must_be_the_sums() -> None:
    """To the digits they are stated with; a wrong one says that rows are missing."""
    assert good("list.csv", csv(HEAD, *ROWS, ["合计", "", "6000.5", "12", "", "", ""])) == GOOD
    assert good("list.csv", csv(HEAD, *ROWS, ["合计", "", "6001"])) == GOOD
    assert good("list.xlsx", xlsx(HEAD, *TYPED, ["合计", None, 6000.5, 12])) == GOOD
    with pytest.raises(DeliveryError, match=r"row 5, 注册资本: expected the sum of the rows, 6000.5, got 6100"):
        came("list.csv", csv(HEAD, *ROWS, ["合 计".replace(" ", ""), "", "6100", "12", "", "", ""]))


def test_a_word_for_nothing_adds_nothing_to_a_total() -> None:
    """The sum of the others is checked."""
    rows = [ROWS[0], ["0002", "乙担保", "-", "无", "", "", ""]]
    assert came("list.csv", csv(HEAD, *rows, ["合计", "", "1000.5", "3", "", "", ""])).warnings == []
    with pytest.raises(DeliveryError, match=r"expected the sum of the rows, 1000.5, got 1001.5"):
        came("list.csv", csv(HEAD, *rows, ["合计", "", "1001.5", "3", "", "", ""]))


@pytest.mark.parametrize("stated", ["NaN", "Infinity", "-inf", "1e99999999", "1_0"])
def test_a_total_that_is_no_number_is_said(stated: str) -> None:
    """It proves nothing, and it is no reason to fall over."""
    read = came("list.csv", csv(HEAD, *ROWS, ["合计", "", stated, "12", "", "", ""]))
    assert read.warnings == [f'row 5, 注册资本: the total could not be checked: expected a number, got "{stated}"']
    assert read.table.num_rows == 3


def test_numbers_too_long_to_be_added_up_are_faults() -> None:
    """Their total cannot be checked, and that is said."""
    rows = [[f"{at:04}", "甲", "9" * 28, "1", "", "", ""] for at in range(200)]
    content = csv(HEAD, *rows, ["合计", "", "9" * 28, "200", "", "", ""])
    assert "could not be checked" in came("list.csv", content).warnings[0]
    assert judged("list.csv", content).faulty == 200


def test_a_note_is_no_row_but_a_name_that_begins_like_one_is() -> None:
    """A note leaves empty what every row must fill."""
    head = [HEAD[1], HEAD[0], *HEAD[2:]]
    rows = [["注册示范担保", "0001", "1", "1", "", "", ""], ["注：截至六月底", "", "", "", "", "", ""]]
    found = judged("list.csv", csv(head, *rows))
    assert [row["名称"] for row in found.table.to_pylist()] == ["注册示范担保"]
    assert (found.rows, found.rejected) == (1, 0)


@pytest.mark.parametrize("word", ["注册示范担保", "合计示范担保"])
@pytest.mark.parametrize("width", [3, 7])
def test_a_row_that_begins_like_a_note_or_a_total_but_lacks_its_key_is_a_bad_row(word: str, width: int) -> None:
    """Named and rejected, with all its fields or too few; it does not vanish."""
    head = [HEAD[1], HEAD[0], *HEAD[2:]]
    good = ["甲担保", "0001", *ROWS[0][2:]]
    found = judged("list.csv", csv(head, good, [word, "", "5", "", "", "", ""][:width]))
    assert (found.rows, found.rejected) == (2, 1)
    said = "机构编码: expected a value, got nothing" if width == 7 else "expected 7 fields, got 3"
    assert found.faults == [f"row 3, {said}"]


@pytest.mark.parametrize(
    ("line", "skipped"),
    [
        (["注：截至六月底"], {"note": 1}),
        (["注：截至六月底", *[""] * 9], {"note": 1}),
        (["", "注：截至六月底", "", "", "", "", "", ""], {"note": 1}),
        (["注：截至", "", "", "六月底", "", "", "", ""], {"note": 1}),
        (["合计", "", "3家", "6000.5", "12", "", "", ""], {"total": 1}),
        (["", "合计：", "", "6000.5", "12", "", "", ""], {"total": 1}),
        (["", "合计", "", "6000.5"], {"total": 1}),
        (["", "注", "乙", "", "", "", "", ""], {}),
        (["合计", "0009", "乙", "6000.5", "12", "", "", ""], {}),
        (["", "合计（共3家）", "", "6000.5", "12", "", "", ""], {}),
        (["注：截至", "", "", "六月底", "", "", "", "", "更多"], {}),
    ],
)
def test_what_is_skipped_as_a_note_or_a_total_is_counted(line: list[str], skipped: dict[str, int]) -> None:
    """A note is one cell or leaves empty what every row fills; totals have no key. All else is data, good or bad."""
    content = csv(["序号", *HEAD], *(["1", *row] for row in ROWS), line)
    assert came("list.csv", content).skipped == skipped
    assert judged("list.csv", content).rows == 3 + (not skipped)


def test_a_code_that_lost_digits_is_never_mended() -> None:
    """9.14E+17 was a code once: as a key it addresses nothing, elsewhere it is a fault."""
    code = {"as": "code", "type": "code", "required": True}
    columns = {"机构编码": code, "名称": {"as": "name"}, "户数": code | {"required": False}}
    of = resource(columns=columns)
    rows = [[9.1330100123456e17, "甲", "1"], ["91330100MA27X20003", "乙", 9.1330100123456e17]]
    found = judged("list.xlsx", xlsx(list(columns), *rows), of)
    assert (found.rejected, found.faulty) == (1, 1)
    assert found.faults == [
        'row 2, 机构编码: expected a code as text, got a number that has lost digits, "9.1330100123456E+17"',
        'row 3, 户数: expected a code as text, got a number that has lost digits, "9.1330100123456E+17"',
    ]


@pytest.mark.parametrize(
    ("code", "lost"),
    [("2026E0001", 0), ("1E17", 0), ("12.5E+17", 0), ("9.14E+17", 1), ("9.14e17", 1), ("9E+17", 1)],
)
def test_a_code_with_an_e_in_it_is_a_code(code: str, lost: int) -> None:
    """A number in scientific notation has one digit before the point and a sign, or a point, before its E."""
    columns = {"合同编号": {"as": "code", "type": "code", "required": True}}
    found = judged("list.csv", csv(["合同编号"], [code]), resource(columns=columns, key=["合同编号"]))
    assert found.rejected == lost


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        (45000, "2023-03-15"),
        ("45000.5", "2023-03-15"),
        (datetime(2023, 3, 15, 10, 5), "2023-03-15 10:05:00"),
        (20230315, "20230315"),
        ("2023/3/15", "2023/3/15"),
        ("2023.03", "2023.03"),
        ("2015年", "2015年"),
        ("暂无", None),
    ],
)
def test_dates_that_dbt_can_read_are_taken(cell: Any, kept: str | None) -> None:
    """Serial numbers become days; spellings stay as they are."""
    found = judged("list.xlsx", xlsx(HEAD, ["0001", "甲", 1, 1, cell]))
    assert found.faults == []
    assert found.table.to_pylist()[0]["成立日期"] == kept


@pytest.mark.parametrize("cell", ["2023-02-30", "15.3.2023", "昨天", "123", "20231345"])
def test_what_is_no_date_is_a_fault(cell: str) -> None:
    """With what came."""
    found = judged("list.csv", csv(HEAD, ["0001", "甲", "1", "1", cell, "", ""]))
    assert found.faults == [f'row 2, 成立日期: expected a date such as 2026-06-30, got "{cell}"']


def test_every_cell_is_held_to_its_column() -> None:
    """Row, column, expected, got; a faulty row that has its key is kept, one without is not."""
    rows = [
        ["0001", "", "abc", "1.5", "", "停业", ""],
        ["", "乙", "1", "1", "", "", ""],
        ["12345", "丙", "-", "无", "/", "—", ""],
    ]
    found = judged("list.csv", csv(HEAD, *rows))
    assert (found.rows, found.faulty, found.rejected, found.duplicates) == (3, 2, 1, 0)
    assert found.faults == [
        'row 2, 名称: expected a value, got nothing; 注册资本: expected a number, got "abc"; '
        '户数: expected a whole number, got "1.5"; 状态: expected 在业 or 注销, got "停业"',
        "row 3, 机构编码: expected a value, got nothing",
        'row 4, 机构编码: expected 0001 or the like, got "12345"',
    ]
    assert [row["fault"] for row in found.table.to_pylist()] == [found.faults[0], found.faults[2]]
    assert [found.table.to_pylist()[1][name] for name in ("注册资本", "户数", "成立日期", "状态")] == [None] * 4


def test_a_null_word_in_free_text_is_text() -> None:
    """A company may be called 无."""
    found = judged("list.csv", csv(HEAD, ["0001", " \u3000无 ", "1", "1", "", "", ""]))
    assert found.table.to_pylist()[0]["名称"] == "无"


def test_equal_rows_are_one_and_contradictions_none() -> None:
    """Which of two rows with one key is right nobody knows; both are named."""
    changed = ["0002", "乙担保", "2001", "4", "", "", ""]
    found = judged("list.csv", csv(HEAD, ROWS[0], ROWS[1], ROWS[0], changed, ROWS[2]))
    assert (found.rows, found.duplicates, found.rejected, found.faulty) == (5, 1, 2, 0)
    assert [row["_row"] for row in found.table.to_pylist()] == [2, 6]
    assert found.faults == [
        'row 3, 机构编码: "0002" stands in row 5 as well, with other values',
        'row 5, 机构编码: "0002" stands in row 3 as well, with other values',
    ]


def test_running_numbers_tell_no_rows_apart() -> None:
    """The column of running numbers is no statement about the row; the last number is what the file declares."""
    of = resource(file={"declared": "序号"})
    found = judged("list.csv", csv(["序号", *HEAD], ["1", *ROWS[0]], ["2", *ROWS[0]]), of)
    assert (found.duplicates, found.rejected, found.last_number) == (1, 0, "2")


def test_heads_that_are_not_ours() -> None:
    """Unknown ones warn, missing ones refuse with what was found, two that mean the same refuse."""
    more = came("list.csv", csv([*HEAD, "手机"], [*ROWS[0], "1"]))
    assert more.warnings == ["unknown column '手机': not loaded; declare it in source.yml"]
    assert "手机" not in more.table.column_names
    with pytest.raises(DeliveryError, match=r"row 1 \(head\): expected 机构编码, got the heads 编号, 名称"):
        came("list.csv", csv(["编号", *HEAD[1:]], *ROWS))
    with pytest.raises(DeliveryError, match="two columns are 名称: 名称, 机构名称"):
        came("list.csv", csv([*HEAD, "机构名称"], [*ROWS[0], "1"]))


def test_natural_persons_never_leave_the_reader() -> None:
    """Neither in the table nor in words, not even where their row is taken for the head."""
    read = came("list.csv", csv(HEAD, *ROWS))
    assert "张三" not in str(read.table.to_pylist())
    with pytest.raises(DeliveryError) as refused:
        came("list.csv", csv(*ROWS), resource({"title_rows": 1}))
    assert "李四" not in str(refused.value)


def test_a_zip_gives_its_files_one_after_the_other() -> None:
    """Each with its own head; a fault names the member."""
    both = zipped(a_csv=csv(HEAD, ROWS[0]), b_xlsx=xlsx(HEAD, *TYPED[1:]))
    assert good("list.zip", both) == GOOD
    bad = zipped(a_csv=csv(HEAD, ROWS[0]), b_csv=csv(HEAD, ["0002", "", "1", "1", "", "", ""]))
    assert judged("list.zip", bad).faults == ["b.csv, row 2, 名称: expected a value, got nothing"]
    with_mac = zipped_as({"a.csv": csv(HEAD, ROWS[0]), "__MACOSX/._a.csv": b"x"})
    assert good("list.zip", with_mac) == GOOD[:1]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("list.csv", b"", "the file is empty"),
        ("list.csv", csv(HEAD)[:-2], None),
        ("list.xlsx", csv(HEAD, *ROWS), "named .xlsx, but its content is text"),
        ("list.xls", b"<html><table>", "named .xls, but its content is a web page"),
        ("list.csv", xlsx(HEAD), "named .csv, but its content is a ZIP or XLSX"),
        ("list.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is an XLS or encrypted"),
        ("list.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "not readable as XLS"),
        ("list.xlsx", xlsx(HEAD)[:300], "not readable as a ZIP"),
        ("list.xlsx", zipped(a_csv=b"x"), "not an XLSX: it holds no xl/workbook.xml"),
        ("list.xlsx", xlsx(), r"expected the head in row 1, got 0"),
    ],
)
def test_a_right_name_does_not_make_a_right_file(name: str, content: bytes, said: str | None) -> None:
    """What the file really is decides."""
    if said is None:
        assert came(name, content).table.num_rows == 0  # a head and no row is a table
        return
    with pytest.raises(DeliveryError, match=said):
        came(name, content)


@pytest.mark.skipif(not REAL.is_file(), reason=f"no real upstream data: {REAL} is not there")
def test_the_real_list_of_banks_loads_whole() -> None:
    """The regulator's list of 2025-12-31 as it was published: 203 banks, none faulty."""
    of = all_specs()["nfra_institutions"].resources["institution"]
    found = judged("nfra_institutions_2025-12-31.csv", REAL.read_bytes(), of, "nfra")
    assert (found.rows, found.table.num_rows, found.faults) == (203, 203, [])
    assert found.table.to_pylist()[0]["机构编码"] == "B0001H111000001"
