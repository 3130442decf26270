"""NFRA's penalty decisions as its site tells them."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
import requests

from simulator import Simulator
from simulator.lending.penalties import WIDE
from simulator.vocabulary import PEOPLE

HOST = "www.nfra.gov.cn"
LIST = "cbircweb/DocInfo/SelectDocByItemIdAndChild"


@pytest.fixture
def site() -> Iterator[Simulator]:
    with Simulator(size=100, seed=5, night="2026-07-13", hold_seconds=0.2) as simulator:
        yield simulator


def get(site: Simulator, path: str, **query: object) -> Any:
    answer = requests.get(f"{site.url}/{HOST}/{path}", params={k: str(v) for k, v in query.items()}, timeout=5)
    return answer.json()


def read_all(site: Simulator, item: str) -> tuple[int, list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    page = 1
    while True:
        told = get(site, LIST, itemId=item, pageSize=18, pageIndex=page)["data"]
        rows += told["rows"]
        if not told["rows"]:
            return told["total"], rows
        page += 1


def cells(html: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    return [[unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<td>(.*?)</td>", row)] for row in rows]


def test_the_lists_hold_every_decision_once(site: Simulator) -> None:
    found = []
    for item in ("4113", "4114", "4115"):
        total, rows = read_all(site, item)
        assert total == len(rows) > 18
        found += [row["docId"] for row in rows]
    assert len(set(found)) == len(found) == len(site.lending.penalties.at(site.night))


def test_pages_come_in_layouts_of_different_length_and_say_what_was_decided(site: Simulator) -> None:
    lengths = set()
    for penalty in site.lending.penalties.at(site.night):
        told = get(site, f"cn/static/data/DocInfo/SelectByDocId/data_docId={penalty.doc_id}.json")["data"]
        rows = cells(told["docClob"])
        text = {row[0]: row[-1] for row in rows}
        if penalty.layout == WIDE:
            parties = len(penalty.banks) + len(penalty.persons)
            assert [row[2] for row in rows[1:]] == [penalty.decision_no] * parties
        else:
            lengths.add(len(rows))
            assert text["行政处罚决定书文号"] == penalty.decision_no
            assert text["作出处罚决定的机关名称"] == penalty.authority
            assert text["行政处罚决定"] == penalty.decision()
        assert all(bank.name in told["docClob"] for bank in penalty.banks)
        if penalty.layout != 2:  # that layout has one party only
            assert all(person in told["docClob"] for person in penalty.persons)
        assert penalty.decided_on < penalty.published_on < site.night
    assert lengths == {7, 8, 9, 10, 11}


def test_persons_are_mixed_with_institutions(site: Simulator) -> None:
    decisions = site.lending.penalties.at(site.night)
    assert any(not penalty.banks for penalty in decisions)
    assert any(penalty.banks and penalty.persons for penalty in decisions)
    assert any(len(penalty.banks) == 2 for penalty in decisions)
    assert {person for penalty in decisions for person in penalty.persons} <= set(PEOPLE)


def test_decisions_are_added_and_never_taken_back(site: Simulator) -> None:
    before = {row["docId"] for row in read_all(site, "4114")[1]}
    site.night = "2026-08-13"
    after = {row["docId"] for row in read_all(site, "4114")[1]}
    assert before < after


def test_an_unknown_document_and_a_shrunken_list(site: Simulator) -> None:
    assert get(site, "cn/static/data/DocInfo/SelectByDocId/data_docId=1.json")["rptCode"] == 404
    whole, _ = read_all(site, "4113")
    site.fault(f"{HOST}:halve")
    total, rows = read_all(site, "4113")
    assert total == len(rows) == whole // 2
