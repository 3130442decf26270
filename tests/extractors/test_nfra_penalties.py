"""Penalties: pages in every layout, organizations only, and pages nobody knows."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from scripted import Answer, Asked, Server, as_json

from extractors.core.archive import Archive, Outcome
from extractors.core.errors import SchemaError
from extractors.core.fetch import Access, fetch
from extractors.core.spec import all_specs
from extractors.sources.nfra_penalties.layouts import decisions

NIGHT = date(2026, 7, 13)
BANK = "青山村镇银行股份有限公司"
NO = "吴银监罚决字〔2018〕11号"


def table(*rows: str) -> str:
    """A table whose rows are cells separated by `|`; `3:text` is a cell over three rows, `x2:text` over two columns."""

    def cell(text: str) -> str:
        head, colon, rest = text.partition(":")
        if colon and head.isdecimal():
            return f'<td rowspan="{head}"><p>{rest}</p></td>'
        if head[:1] == "x" and head[1:].isdecimal():
            return f'<td colspan="{head[1:]}"><p><span>{rest}</span></p></td>'
        return f"<td><p>{text}</p></td>"

    lines = "".join("<tr>" + "".join(map(cell, row.split("|"))) + "</tr>" for row in rows)
    return f'<div class="Section0"><table class="MsoNormalTable"><tbody>{lines}</tbody></table></div>'


TAIL = [
    "x3:主要违法违规事实（案由）|违规发放贷款",
    "x3:行政处罚依据|《银行业监督管理法》第四十六条",
    "x3:行政处罚决定|罚款三十万元",
    "x3:作出处罚决定的机关名称|吴忠监管分局",
    "x3:作出处罚决定的日期|2018年4月23日",
]
LAYOUTS = {
    "7 rows": table(f"行政处罚决定书文号|{NO}", f"被处罚当事人|{BANK}", *(row[3:] for row in TAIL)),
    "8 rows": table(
        f"x3:行政处罚决定书文号|{NO}",
        f"2:被处罚当事人|2:单位|名称|{BANK}",
        "法定代表人（主要负责人）姓名|李某峰",
        *TAIL,
    ),
    "9 rows": table(
        f"x3:行政处罚决定书文号|{NO}",
        "3:被处罚当事人姓名或名称|x2:个人姓名|&nbsp;",
        f"2:单位|名称|{BANK}",
        "法定代表人（主要负责人）姓名|李某峰",
        *TAIL,
    ),
    "10 rows": table(
        f"x3:行政处罚决定书文号|{NO}",
        "4:被处罚当事人|2:个人|姓名|——",
        "单位|",
        f"2:单位|名称|{BANK}",
        "法定代表人（主要负责人）姓名|李某峰",
        *TAIL,
    ),
    "11 rows": table(
        "x4:行政处罚信息公开表",
        f"x3:行政处罚决定书文号|{NO}",
        "4:被处罚当事人|2:个人|姓名|",
        "单位|",
        f"2:单位|名称|{BANK}",
        "法定代表人（主要负责人）姓名|李某峰",
        *TAIL,
    ),
}
HEAD = "序号|当事人名称|行政处罚决定书文号|主要违法违规行为|行政处罚内容|作出决定机关"
PERSON = table(f"x3:行政处罚决定书文号|{NO}", "2:被处罚当事人|2:个人|姓名|王小明", f"单位|{BANK}", *TAIL)


@pytest.mark.parametrize("html", LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_gives_the_same_decision(html: str) -> None:
    """Labels and merged cells tell what a cell means, not its place."""
    (decision,) = decisions(html)
    assert decision.organizations == [BANK]
    assert decision.columns == {
        "decision_no": NO,
        "violation": "违规发放贷款",
        "basis": "《银行业监督管理法》第四十六条",
        "decision": "罚款三十万元",
        "authority": "吴忠监管分局",
        "decided_on": "2018年4月23日",
    }


def test_a_wide_table_has_a_decision_in_each_row() -> None:
    """Merged cells hold for all rows they cover; persons are known as such by their office or their short name."""
    html = table(
        HEAD,
        f"1|{BANK}|2:金罚决字〔2024〕1号|2:贷后管理不到位|罚款50万元|2:吴忠监管分局",
        "2|王小明（时任青山村镇银行股份有限公司行长）|警告",
        "3|李四|金罚决字〔2024〕2号|同上|警告|吴忠监管分局",
        "4|某某保险代理有限公司、某某保险公估有限公司|金罚决字〔2024〕3号|编制虚假资料|罚款|吴忠监管分局",
    )
    found = decisions(html)
    assert [decision.organizations for decision in found] == [
        [BANK], [], [], ["某某保险代理有限公司", "某某保险公估有限公司"],
    ]  # fmt: skip
    assert [decision.persons for decision in found] == [[], ["王小明"], ["李四"], []]
    assert found[1].columns["decision_no"] == "金罚决字〔2024〕1号"


def test_a_decision_against_a_person_has_no_organization() -> None:
    """Where the person works is no party."""
    (decision,) = decisions(PERSON)
    assert decision.organizations == []
    assert "王小明" in decision.persons


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<p>行政处罚决定书 某某公司</p>", "got no table"),
        (table("a|b", "c|d"), "got tables of 2 × 2 cells"),
        (
            table(f"行政处罚决定书文号|{NO}", f"被处罚当事人|{BANK}", "法院意见|x"),
            "expected a known label, got '法院意见'",
        ),
        (table(f"行政处罚决定书文号|{NO}", f"被处罚当事人|{BANK}"), "expected a value for 案由, 行政处罚决定, 机关"),
        (table(f"行政处罚决定书文号|{NO}", f"单位|{BANK}"), "got 单位 without a person above it"),
        (table(f"行政处罚决定书文号|{NO}", f"被处罚当事人|王小明 {BANK}"), "an organization and a person in one cell"),
        (table(HEAD + "|罚款金额", "1|a|b|c|d|e|f"), "got also 罚款金额"),
        (table(HEAD, f"1|{BANK}|{NO}|违规"), "expected 6 cells in every row of the list, got 4"),
        (table(HEAD, f"1|什么人和什么人|{NO}|违规|罚款|分局"), "got 7 others"),
    ],
)
def test_a_layout_nobody_knows_is_refused(html: str, said: str) -> None:
    """Nothing is guessed; the message says what was found and names no person."""
    with pytest.raises(SchemaError, match=said.replace("(", r"\(")) as error:
        decisions(html)
    assert "王小明" not in str(error.value)


# -- lists and pages over HTTP ---------------------------------------------------------------------------------------


class Regulator:
    """The three lists, whose pages a test sets: `{item: {docId: html}}`."""

    def __init__(self, server: Server, folder: Path, clock: Any) -> None:
        self.server, self.clock, self.archive = server, clock, Archive(folder / "raw")
        self.lists: dict[str, dict[int, str]] = {"4113": {}, "4114": {}, "4115": {}}
        self.published: dict[int, str] = {}
        self.instead: dict[str, Answer] = {}
        self.more = 0
        server.answer_to = self.answer

    def answer(self, asked: Asked) -> Answer:
        item, number = asked.query.get("itemId"), asked.path.rpartition("=")[2].removesuffix(".json")
        if instead := self.instead.get(item or number):
            return instead
        if item:
            docs = list(self.lists[item])
            start = (int(asked.query["pageIndex"]) - 1) * int(asked.query["pageSize"])
            rows = [
                {
                    "docId": doc,
                    "docSubtitle": f"公开表（王小明）{doc}",
                    "publishDate": self.published.get(doc, "2024-01-02 10:00:00"),
                }
                for doc in docs[start : start + 18]
            ]
            return as_json({"rptCode": 200, "data": {"total": len(docs) + self.more, "rows": rows}})
        html = next(pages[int(number)] for pages in self.lists.values() if int(number) in pages)
        subtitle = f"公开表（王小明）{number}"
        data = {"docId": int(number), "docTitle": subtitle, "docSubtitle": subtitle, "docClob": html}
        return as_json({"rptCode": 200, "data": data})

    def fetch(self, night: date = NIGHT) -> Outcome:
        """One attempt."""
        access = Access(self.clock, "fsdb/test", lambda _: self.server.address, paced=False, timeout=5.0)
        return fetch(all_specs()["nfra_penalties"], "penalty", self.archive, night, access)

    def pages(self, night: date) -> set[str]:
        """The pages that a reading of everything that is due asks for."""
        before = len(self.server.asked)
        assert self.fetch(night).is_good
        asked = [one.path for one in self.server.asked[before:]]
        return {path.rpartition("=")[2].removesuffix(".json") for path in asked if "docId" in path}

    def records(self) -> list[dict[str, Any]]:
        attempt = self.archive.last("nfra_penalties", "penalty", NIGHT)
        assert attempt
        return pq.read_table(attempt.records()).to_pylist()


@pytest.fixture
def regulator(server: Server, tmp_path: Path, clock: Any) -> Regulator:
    """A regulator with a decision in the first list."""
    found = Regulator(server, tmp_path, clock)
    found.lists["4113"] = {1: LAYOUTS["9 rows"]}
    return found


@pytest.mark.parametrize("count", [1, 17, 18, 19, 36])
def test_a_list_of_any_length_comes_whole(count: int, regulator: Regulator) -> None:
    """Also where the total is a multiple of the page size; the other lists are empty parts."""
    regulator.lists["4114"] = dict.fromkeys(range(100, 100 + count), LAYOUTS["7 rows"])
    outcome = regulator.fetch()
    assert (outcome.status, outcome.records, outcome.warnings) == ("complete", count + 1, [])
    assert {name: part.records for name, part in outcome.parts.items()} == {"4113": 1, "4114": count, "4115": 0}
    record = regulator.records()[-1]
    assert (record["doc_id"], record["party_no"], record["item_id"]) == (str(99 + count), "1", "4114")
    assert (record["party_name"], record["published_on"]) == (BANK, "2024-01-02 10:00:00")


def test_natural_persons_are_named_nowhere(regulator: Regulator) -> None:
    """Neither in records nor in the archive: parties, leaders, titles, and those a text speaks of."""
    regulator.lists["4114"] = {
        2: PERSON,
        3: table(HEAD, f"1|{BANK}|{NO}|违规|罚款50万元；对王小明、赵大力警告；对孙七给予警告|分局",
                 f"2|王小明|{NO}|违规|警告|分局", f"3|赵大力（时任行长）|{NO}|违规|警告|分局"),
    }  # fmt: skip
    outcome = regulator.fetch()
    assert (outcome.status, outcome.records) == ("complete", 2)
    assert regulator.records()[1]["decision"] == "罚款50万元；对[个人]、[个人]警告；对[个人]给予警告"
    attempt = regulator.archive.last("nfra_penalties", "penalty", NIGHT)
    assert attempt
    kept = "".join(str(pq.read_table(path).to_pylist()) for path in attempt.folder.glob("*.parquet"))
    bodies = b"".join(row["body"] for row in pq.read_table(attempt.folder / "payloads.parquet").to_pylist())
    for name in ("王小明", "赵大力", "孙七", "李某峰"):
        assert name not in kept
        assert name.encode() not in bodies
        assert name.encode("unicode_escape") not in bodies
    assert outcome.redacted > 0


def test_a_page_nobody_can_read_is_a_record_without_content_and_a_warning(regulator: Regulator) -> None:
    """The rest of the list counts; the empty record is withheld later, so the page is missed by nobody."""
    regulator.lists["4113"][2] = "<p>只有文字</p>"
    regulator.lists["4113"][3] = LAYOUTS["7 rows"]
    regulator.instead["3"] = Answer(b"gone", 404)
    outcome = regulator.fetch()
    assert (outcome.status, outcome.records) == ("complete", 3)
    assert [warning[:40] for warning in outcome.warnings] == [
        "docId 2 of list 4113 could not be read: ", "docId 3 of list 4113 could not be read: ",
    ]  # fmt: skip
    assert [(row["doc_id"], row["party_no"], row["party_name"]) for row in regulator.records()] == [
        ("1", "1", BANK), ("2", "0", None), ("3", "0", None),
    ]  # fmt: skip


@pytest.mark.parametrize("broken", ["4113", "1"], ids=["the list", "a page of it"])
def test_a_list_that_fails_is_broken_by_itself(broken: str, regulator: Regulator) -> None:
    """The other lists count."""
    regulator.lists["4114"] = {5: LAYOUTS["7 rows"]}
    regulator.instead[broken] = Answer(b"busy", 503)
    outcome = regulator.fetch()
    assert (outcome.status, sorted(outcome.parts), list(outcome.broken)) == ("partial", ["4114", "4115"], ["4113"])


def test_a_list_that_has_less_than_it_declares_is_broken(regulator: Regulator) -> None:
    """Pages are counted against the total."""
    regulator.more = 1
    outcome = regulator.fetch()
    assert "list 4113 declares 2 pages, 1 came" in outcome.broken["4113"]


# -- night after night -----------------------------------------------------------------------------------------------


def test_a_page_is_read_when_it_is_new_and_for_a_week_after(regulator: Regulator) -> None:
    """Older pages come again with the next full reading, four weeks later, and what is gone by then is missed."""
    regulator.lists["4114"] = dict.fromkeys((5, 6), LAYOUTS["7 rows"])
    regulator.published = {1: "2024-01-01 09:00:00", 5: "2023-05-01 09:00:00", 6: "sometime"}
    assert regulator.fetch().records == 3
    regulator.lists["4114"][7] = LAYOUTS["7 rows"]
    regulator.published[7] = "2024-01-07 18:00:00"
    assert regulator.pages(NIGHT + timedelta(days=1)) == {"1", "6", "7"}
    assert regulator.pages(NIGHT + timedelta(days=2)) == {"1", "6", "7"}, "the cursor is a day of publication, not ours"
    regulator.published[8] = "2024-01-09 00:00:00"
    regulator.lists["4115"][8] = LAYOUTS["7 rows"]
    regulator.pages(NIGHT + timedelta(days=3))
    assert regulator.pages(NIGHT + timedelta(days=4)) == {"6", "7", "8"}
    assert regulator.pages(NIGHT + timedelta(days=28)) == {"1", "5", "6", "7", "8"}


def test_after_a_list_failed_the_next_reading_begins_where_this_one_did(regulator: Regulator) -> None:
    regulator.fetch()
    regulator.published[2] = "2024-02-01 09:00:00"
    regulator.lists["4114"][2] = LAYOUTS["7 rows"]
    regulator.instead["4115"] = Answer(b"busy", 503)
    assert regulator.fetch(NIGHT + timedelta(days=1)).status == "partial"
    del regulator.instead["4115"]
    assert regulator.pages(NIGHT + timedelta(days=2)) == {"1", "2"}
