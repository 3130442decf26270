"""`extractors.core.delimited`: CSV in the declared encodings, every line accounted for."""

import pyarrow as pa
import pytest
from delivered import GOOD, HEAD, ROWS, came, csv, good, judged, resource

from extractors.core.errors import DeliveryError


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_a_csv_is_read_in_each_declared_encoding(encoding: str) -> None:
    """Strictly, in the declared order; the one that fits is recorded."""
    content = csv(HEAD, *ROWS, encoding=encoding)
    assert good("list.csv", content) == GOOD
    assert came("list.csv", content).encoding == ("utf-8-sig" if encoding.startswith("utf") else "gb18030")


@pytest.mark.parametrize(
    ("ruin", "said"),
    [("甲\ufffd保", r"U\+FFFD"), ("锟斤拷", "锟斤拷"), ("ï¿½", "ï¿½"), ("甲\0", "a zero byte")],
)
def test_text_that_was_decoded_wrongly_before_it_came_is_refused(ruin: str, said: str) -> None:
    """What a wrong decoding destroyed cannot be mended; the line is named."""
    with pytest.raises(DeliveryError, match=f"line 2: holds {said}"):
        came("list.csv", csv(HEAD, ["0001", ruin, "1", "1", "", "", ""]))


def test_bytes_in_no_declared_encoding_are_refused() -> None:
    """Not read as something else."""
    only = resource(file={"encodings": ["utf-8-sig"]})
    with pytest.raises(DeliveryError, match="line 1: expected text in utf-8-sig, got other bytes"):
        came("list.csv", csv(HEAD, *ROWS, encoding="gbk"), only)


def test_a_line_with_another_number_of_fields_is_named_and_rejected() -> None:
    """Nobody knows which of its fields is which."""
    found = judged("list.csv", csv(HEAD, ROWS[0], ["0002", "乙担保", "1"], ROWS[2]))
    assert (found.rows, found.rejected, found.faults) == (3, 1, ["row 3, expected 7 fields, got 3"])
    assert [row["_row"] for row in found.table.to_pylist()] == [2, 4]


def test_a_long_field_in_a_bad_line_is_no_other_fault() -> None:
    """Its row is named, and nothing of what stands in it."""
    found = judged("list.csv", csv(HEAD, *ROWS, ["0004", "张三" * 70_000]))
    assert (found.rejected, found.faults) == (1, ["row 5, expected 7 fields, got 2"])


def test_a_short_line_may_have_a_cell_of_several_lines() -> None:
    """It is a bad row and no open quotation mark; the rows after it keep their numbers."""
    content = csv(HEAD, ROWS[0], ["0002", '"乙\n担保"'], ['"x\r\ny"', *[""] * 8], ["0003", "", "1", "1", "", "", ""])
    assert judged("list.csv", content).faults == [
        "row 3, expected 7 fields, got 2",
        "row 4, expected 7 fields, got 9",
        "row 5, 名称: expected a value, got nothing",
    ]


def test_what_the_reader_of_csv_says_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """It quotes the line, and natural persons with it."""

    def odd(*_: object, **__: object) -> None:
        raise pa.ArrowInvalid("CSV parse error: Row #2: 张三")

    monkeypatch.setattr("pyarrow.csv.read_csv", odd)
    with pytest.raises(DeliveryError) as refused:
        came("list.csv", csv(HEAD, *ROWS))
    assert "张三" not in str(refused.value)


@pytest.mark.parametrize("stray", ['"乙,1,1,,,\r\n', '"乙,1,1,,,\r\n0009,"丁",1,1,,,\r\n'])
def test_a_quotation_mark_that_is_not_closed_is_refused(stray: str) -> None:
    """It would swallow the lines after it without a word."""
    content = csv(HEAD) + f"0002,{stray}".encode() + csv(*ROWS)
    with pytest.raises(DeliveryError, match="row 2: a quotation mark is opened and not closed"):
        came("list.csv", content)
