"""NFRA's penalty decisions: what was decided on whom, and the pages that tell it, in several layouts of their table.

A page has one table of a decision; some name several parties, natural persons among them. Lists are
`/cbircweb/DocInfo/SelectDocByItemIdAndChild?itemId=&pageSize=&pageIndex=` (from 1, at most 18 rows), details
`/cn/static/data/DocInfo/SelectByDocId/data_docId=<id>.json` with the table in `data.docClob`.
"""

import datetime as dt
from collections.abc import Iterator
from functools import cached_property
from html import escape
from typing import NamedTuple

from simulator.lending.banks import Bank, Banks, draw
from simulator.lending.calendar import date_of, days
from simulator.vocabulary import PEOPLE

ITEMS = {"4113": "总局机关", "4114": "监管局本级", "4115": "监管分局本级"}
"""The three lists."""

_LENDING = (
    "贷款“三查”不尽职，信贷资金被挪用",
    "流动资金贷款用途管理不到位",
    "违规发放无抵押经营性贷款",
    "授信审查审批严重不审慎",
)
_OTHER = ("监管统计数据错报", "未按规定报送案件信息", "理财产品信息披露不充分", "员工行为管理不到位")
BASIS = "《中华人民共和国银行业监督管理法》第四十六条"
_NIGHTLY = 35  # decisions in 100 days
_EPOCH = days(dt.date(2024, 9, 1))
_FIRST_DOC = 1_180_000
WIDE = 5
"""The layout with a row for each party, which states neither basis nor day of the decision."""


class Penalty(NamedTuple):
    """A decision: the banks it is about, and the persons beside them. Amounts are 元 for each bank."""

    doc_id: int
    item: str
    decision_no: str
    banks: tuple[Bank, ...]
    persons: tuple[str, ...]
    is_lending: bool
    violation: str
    amount_wan: int
    authority: str
    decided_on: dt.date
    published_on: dt.date
    layout: int

    def decision(self, bank: Bank | None = None) -> str:
        """What was decided, on one bank or on all parties."""
        banks = self.banks if bank is None else (bank,)
        told = [f"对{one.name}罚款{self.amount_wan}万元" for one in banks]
        if bank is None:
            told += [f"对{person}警告" for person in self.persons]
        return "；".join(told)


class Penalties:
    """All decisions under one seed, newest last; a night knows those published before it."""

    def __init__(self, banks: Banks) -> None:
        self.banks, self.seed = banks, banks.seed

    @cached_property
    def _all(self) -> list[Penalty]:
        """Decisions of three years, by day of publication."""
        return [
            self._drawn(number, day)
            for number, day in enumerate(range(_EPOCH, _EPOCH + 3 * 365))
            if draw(self.seed, day, 901, 100)[0] < _NIGHTLY
        ]

    def at(self, night: dt.date, item: str | None = None) -> list[Penalty]:
        """What stands in a list, or in all of them, on a night: newest first."""
        known = [one for one in self._all if one.published_on < night and item in (None, one.item)]
        return known[::-1]

    def _drawn(self, number: int, day: int) -> Penalty:
        which, lending, words, wan, wait, layout, several, people, item = draw(
            self.seed, number, 911, len(self.banks.all), 6, 4, 20, 20, 6, 10, 4, 3
        )
        # None that changes its name: a decision names it as it was.
        banks = [bank for bank in self.banks.listed(1) if not bank.renamed]
        first, second = banks[which % len(banks)], banks[(which + 7) % len(banks)]
        decided = date_of(day - 3 - wait)
        person = PEOPLE[(number * 37) % len(PEOPLE)]
        code = list(ITEMS)[item]
        place = first.city.name.removesuffix("市")
        authority = "国家金融监督管理总局" if code == "4113" else f"国家金融监督管理总局{place}监管局"
        return Penalty(
            doc_id=_FIRST_DOC + number * 13,
            item=code,
            decision_no=f"{'金' if code == '4113' else place}罚决字〔{decided.year}〕{number % 400 + 1}号",
            banks=() if several == 9 else (first, second) if several == 8 else (first,),
            persons=(person,) if several == 9 or people == 0 else (),
            is_lending=lending == 0,
            violation=(_OTHER if lending else _LENDING)[words],
            amount_wan=20 + 10 * wan,
            authority=authority,
            decided_on=decided,
            published_on=date_of(day),
            layout=layout,
        )


def doc_title(penalty: Penalty) -> str:
    """`…行政处罚信息公开表（…号）`."""
    return f"{penalty.authority}行政处罚信息公开表（{penalty.decision_no}）"


def table_html(penalty: Penalty) -> str:
    """The table of a page: labels and values in seven to eleven rows, or a row for each party."""
    body = "".join(f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>" for row in _rows(penalty))
    style = ' style="border-collapse:collapse"' if penalty.layout % 2 else ""
    return f'<div class="Section0"><table border="1"{style}><tbody>{body}</tbody></table></div>'


def _cell(text: str) -> str:
    return "<p><span>" + escape(text).replace("\n", "</span></p><p><span>") + "</span></p>"


def _rows(penalty: Penalty) -> Iterator[list[str]]:
    names, persons = [bank.name for bank in penalty.banks], list(penalty.persons)
    if penalty.layout == WIDE:
        yield from _wide_rows(penalty)
        return
    leader = PEOPLE[penalty.doc_id % len(PEOPLE)] if names else "——"
    if penalty.layout == 4:
        yield ["行政处罚信息公开表"]
    yield ["行政处罚决定书文号", penalty.decision_no]
    match penalty.layout:
        case 0:  # person and institution apart
            yield ["被处罚当事人姓名或名称", "个人姓名", "、".join(persons) or "——"]
            yield ["单位", "名称", "、".join(names) or "——"]
            yield ["法定代表人（主要负责人）姓名", leader]
        case 1:  # all parties in one cell
            yield ["被处罚当事人", "\n".join(names + persons)]
        case 2:  # the institution, or the person
            yield ["被处罚当事人名称" if names else "被处罚当事人姓名或名称", "、".join(names or persons)]
            yield ["主要负责人", leader]
        case _:  # the person with an employer, the institution with its head
            yield ["被处罚当事人姓名或名称", "个人", "姓名", "、".join(persons) or "无"]
            yield ["", "", "单位", "时任职银行" if persons else "——"]
            yield ["", "单位", "名称", "、".join(names) or "无"]
            yield ["", "", "法定代表人（主要负责人）姓名", leader]
    yield ["主要违法违规事实（案由）", penalty.violation]
    yield ["行政处罚依据", BASIS]
    yield ["行政处罚决定", penalty.decision()]
    yield ["作出处罚决定的机关名称", penalty.authority]
    yield ["作出处罚决定的日期", _day(penalty)]


def _wide_rows(penalty: Penalty) -> Iterator[list[str]]:
    """A row a party, without basis and date."""
    yield ["序号", "当事人名称", "行政处罚决定书文号", "主要违法违规行为", "行政处罚内容", "作出决定机关"]
    told = [(bank.name, penalty.decision(bank)) for bank in penalty.banks]
    told += [(person, "警告") for person in penalty.persons]
    for number, (name, decision) in enumerate(told, 1):
        yield [str(number), name, penalty.decision_no, penalty.violation, decision, penalty.authority]


def _day(penalty: Penalty) -> str:
    day = penalty.decided_on
    return f"{day.year}年{day.month}月{day.day}日" if penalty.layout else str(day)
