"""`extractors.core.workbook`: what spreadsheets make of codes, dates, sums and percentages."""

from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
import xlwt
from delivered import GOOD, HEAD, ROWS, TYPED, came, csv, good, judged, repacked, resource, saved, xls, xlsx

from extractors.core.errors import DeliveryError


def test_merged_heads_are_joined() -> None:
    """Levels are joined with `/`, merged cells filled, and a sender's own heads mapped to ours."""
    own = {
        "heads": {"基本/编码": "机构编码", "基本/名": "名称", "基本/注册资本": "注册资本"},
        "head_rows": 2,
        "title_rows": 1,
    }
    head = [
        ["名录"],
        ["基本", None, None, "户数", "成立日期", "状态", "联系人"],
        ["编码", "名", "注册\n资本(万元)", None, None, None, None],
    ]
    of = resource(file={"layouts": {"32": {"units_in_head": True, **own}}})
    content = xlsx(*head, *TYPED, merge=("A2:C2", "D2:D3", "E2:E3", "A1:G1"))
    assert good("list.xlsx", content, of=of, sender="32") == GOOD
    rows = [list(row) for row in TYPED]
    rows[0][4] = "2023-03-15"
    assert good("list.xls", xls(*head, *rows, merge=(1, 1, 0, 2)), of=of, sender="32") == GOOD
    with pytest.raises(
        DeliveryError, match=r"expected 机构编码, 名称, got a line of 7 cells none of which is a declared"
    ):
        came("list.xlsx", content, of, sender="33")


def test_the_sum_of_a_workbook_may_have_the_noise_of_binary_numbers() -> None:
    """As a spreadsheet stores it; more than noise is still a wrong sum, and a text has no noise."""
    rows = [[f"{at:04}", "甲", 123456.78 + at / 100, 1] for at in range(200)]
    total = sum(row[2] for row in rows) + 1e-6
    assert came("list.xlsx", xlsx(HEAD, *rows, ["合计", None, total])).warnings == []
    assert came("list.xls", xls(HEAD, *rows, ["合计", None, total])).warnings == []
    with pytest.raises(
        DeliveryError, match=r"row 202, 注册资本: expected the sum of the rows, 24691555, got 24691555.1"
    ):
        came("list.xlsx", xlsx(HEAD, *rows, ["合计", None, total + 0.1]))
    text = [[str(cell) for cell in [*row, "", "", ""]] for row in rows]
    with pytest.raises(DeliveryError, match=r"expected the sum of the rows, 24691555, got 24691555.000001"):
        came("list.csv", csv(HEAD, *text, ["合计", "", "24691555.000001", "", "", "", ""]))


@pytest.mark.parametrize("form", ["0%", "0.00%", "0.0%;[Red]-0.0%"])
@pytest.mark.parametrize("name", ["list.xlsx", "list.xls"])
def test_a_percent_format_under_a_head_with_a_unit_is_refused(name: str, form: str) -> None:
    """40 % is stored as 0.4, and would be read as 0.4 %; a percent sign in quotes is only text."""
    columns = {
        "机构编码": {"as": "code", "type": "code", "required": True},
        "费率": {"as": "rate", "type": "decimal", "unit": "head", "units": "% | ‰"},
    }
    of = resource(columns=columns)

    def sheet(shown: str) -> bytes:
        lines = [["机构编码", "费率（%）"], ["0001", 40], ["0002", 0.4]]
        if name.endswith("xls"):
            book = xlwt.Workbook()
            page = book.add_sheet("一")
            for row, line in enumerate(lines):
                for at, value in enumerate(line):
                    style = xlwt.easyxf(num_format_str=shown) if (row, at) == (2, 1) else xlwt.easyxf()
                    page.write(row, at, value, style)
            return saved(book)
        made = openpyxl.Workbook()
        for line in lines:
            made.active.append(line)
        made.active["B3"].number_format = shown
        return saved(made)

    with pytest.raises(
        DeliveryError, match="row 3, 费率: expected a plain number of %, got a cell with a percent format"
    ):
        came(name, sheet(form), of)
    assert came(name, sheet('0.0"%"'), of).table["费率"].to_pylist() == ["40", "0.4"]


def test_several_sheets_and_hidden_ones() -> None:
    """The named sheets one after the other; a hidden one is passed over or refused, as declared."""
    content = xlsx(HEAD, TYPED[0], more={"二": [HEAD, *TYPED[1:]], "隐": [["x"]]})
    both = resource({"sheets": ["一", "二"]})
    assert good("list.xlsx", content, of=both) == GOOD
    assert good("list.xlsx", content) == GOOD[:1]
    with pytest.raises(DeliveryError, match="hidden sheets, which are not taken: 隐"):
        came("list.xlsx", content, resource({"hidden": "refuse"}))
    with pytest.raises(DeliveryError, match="expected 三, got the sheets 一, 二, 隐"):
        came("list.xlsx", content, resource({"sheets": ["三"]}))
    broken = xlsx(HEAD, TYPED[0], more={"二": [HEAD, ["0002", None, 1]]})
    assert judged("list.xlsx", broken, both).faults == ["sheet 二, row 2, 名称: expected a value, got nothing"]


def test_formulas_give_their_stored_value_or_are_refused() -> None:
    """One whose value was never stored is no empty cell."""
    row = ["0001", "甲担保", "=1000+0.5", 3, "2023-03-15", "在业"]
    unvalued = xlsx(HEAD, row)
    with pytest.raises(DeliveryError, match="sheet 一, row 2, column C: expected a value, got a formula whose value"):
        came("list.xlsx", unvalued)
    valued = repacked(unvalued, sheet1=(b"<f>1000+0.5</f><v />", b"<f>1000+0.5</f><v>1000.5</v>"))
    assert good("list.xlsx", valued) == GOOD[:1]
    with pytest.raises(DeliveryError, match="row 2, column C: expected a value, got a formula"):
        came("list.xlsx", valued, resource({"formulas": "refuse"}))


def test_an_error_of_a_formula_is_a_fault() -> None:
    """A reader that passes over it would leave an empty cell."""
    book = openpyxl.Workbook()
    book.active.append(HEAD)
    book.active.append(["0001", "甲担保", "#DIV/0!", 3])
    book.active["C2"].data_type = "e"
    assert judged("list.xlsx", saved(book)).faults == ['row 2, 注册资本: expected a value, got "#DIV/0!"']


def test_serial_days_of_a_workbook_that_counts_from_1904() -> None:
    """The same number is another day there."""
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    for row in (HEAD, ["0001", "甲", 1, 1, 45000 - 1462]):
        book.active.append(row)
    assert judged("list.xlsx", saved(book)).table.to_pylist()[0]["成立日期"] == "2023-03-15"


def old(*rows: list[Any], later: bool = False, hidden: tuple[str, ...] = ()) -> bytes:
    """An XLS whose date cells are dates; `later`: it counts days from 1904; with hidden sheets of other content."""
    book = xlwt.Workbook(encoding="utf-8")
    book.dates_1904 = later
    for name in ("一", *hidden):
        sheet = book.add_sheet(name)
        sheet.visibility = int(name in hidden)
        for at, row in enumerate(rows if name == "一" else [["x"]]):
            for column, value in enumerate(row):
                if isinstance(value, str) and value.startswith("#"):
                    sheet.row(at).set_cell_error(column, value)
                elif value is not None:
                    form = {date: "YYYY-MM-DD", datetime: "YYYY-MM-DD HH:MM:SS"}.get(type(value), "General")
                    sheet.write(at, column, value, xlwt.easyxf(num_format_str=form))
    return saved(book)


@pytest.mark.parametrize("later", [False, True])
def test_dates_in_an_xls_are_days(later: bool) -> None:
    """As real dates, with a time of day, and as bare numbers, whichever year the workbook counts from."""
    days = [date(2023, 3, 15), datetime(2023, 3, 15, 10, 5), 45000 - (1462 if later else 0)]
    found = judged("list.xls", old(HEAD, *([at, "甲", 1, 1, day] for at, day in enumerate(days)), later=later))
    assert found.faults == []
    assert [row["成立日期"] for row in found.table.to_pylist()] == ["2023-03-15", "2023-03-15 10:05:00", "2023-03-15"]


def test_errors_and_truth_values_in_an_xls_are_said() -> None:
    """Neither is an empty cell or a number."""
    found = judged("list.xls", old(HEAD, ["0001", "甲", "#DIV/0!", True], ["0002", "#REF!", 1, 1]))
    assert found.faults == [
        'row 2, 注册资本: expected a value, got "#DIV/0!"; 户数: expected a whole number, got "TRUE"',
        'row 3, 名称: expected a value, got "#REF!"',
    ]


def test_hidden_sheets_of_an_xls() -> None:
    """Passed over or refused, as declared; one that is named is read."""
    content = old(HEAD, *ROWS, hidden=("隐",))
    assert good("list.xls", content) == GOOD
    with pytest.raises(DeliveryError, match="hidden sheets, which are not taken: 隐"):
        came("list.xls", content, resource({"hidden": "refuse"}))
    with pytest.raises(DeliveryError, match=r"row 1 .* got a line of 1 cells"):
        came("list.xls", content, resource({"sheets": ["隐"]}))
