"""The three lists over HTTP, in the shapes of the live answers."""

import datetime as dt
import re

import pytest
import requests
from simulator_reader import NIGHT, Reader, jsonp

from simulator import Simulator
from simulator.vocabulary import PEOPLE

SSE_ROW = [
    "updateDate", "planIssueCapital", "suspendStatus", "wenHao", "stockAuditName", "currStatus", "stockAuditNum",
    "registeResult", "intermediary", "collectType", "stockIssuer", "createTime", "auditApplyDate", "issueAmount",
    "commitiResult", "issueMarketType", "OPERATION_SEQ",
]  # fmt: skip
SZSE_ROW = [
    "prjid", "cmpnm", "cmpsnm", "prjst", "stage", "prjstatus", "boardName", "sprinsts", "csrcind", "updtdt", "acptdt",
]  # fmt: skip
BSE_ROW = [
    "companyName", "status", "sponsorOrg", "stockCode", "stockName", "registerAddress", "id", "receiveDate",
    "updateDate",
]  # fmt: skip


def test_sse_answers_in_the_live_envelope(sim: Simulator, read: Reader) -> None:
    response = read.sse(1, 3)
    assert response.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert response.text.startswith("jsonpCallback7(")
    answer = jsonp(response)
    total = sim.truth().totals["SSE"]["total"]
    assert answer["jsonCallBack"] == "jsonpCallback7"
    assert answer["result"] == answer["pageHelp"]["data"]
    assert len(answer["result"]) == 3
    assert {k: answer["pageHelp"][k] for k in ("beginPage", "pageNo", "pageSize", "pageCount", "total")} == {
        "beginPage": 1,
        "pageNo": 1,
        "pageSize": 3,
        "pageCount": -(-total // 3),
        "total": total,
    }
    assert sum(count["num"] for count in answer["statistics"] if "-" not in count["status"]) == total
    assert "5-1" in {count["status"] for count in answer["statistics"]}
    assert list(answer["result"][0]) == SSE_ROW


def test_sse_rows_carry_what_live_rows_carry(sim: Simulator, read: Reader) -> None:
    """Amounts in 亿元, dates as 14 digits, advisers by kind, and natural persons in their two places."""
    total, rows = read.sse_all()
    projects = {p.project_id: p for p in sim.truth().projects if p.exchange == "SSE"}
    assert total == len(rows) == len(projects)
    for row in rows:
        truth = projects[row["stockAuditNum"]]
        assert round(row["planIssueCapital"] * 10**8) == truth.plan_raise_cny
        assert dt.datetime.strptime(row["updateDate"], "%Y%m%d%H%M%S").date() == truth.updated_on
        assert row["stockAuditName"] == truth.title
        advisers = {adviser["i_intermediaryType"]: adviser for adviser in row["intermediary"]}
        assert advisers[1]["i_intermediaryName"] == truth.sponsor_name
        assert advisers[2]["i_intermediaryName"] == truth.accountant_name
        assert advisers[3]["i_intermediaryName"] == truth.law_firm_name
        people = [person["i_p_personName"] for adviser in advisers.values() for person in adviser["i_person"]]
        people += [issuer["s_personName"] for issuer in row["stockIssuer"]]
        assert len(people) == 4
        assert set(people) <= set(PEOPLE)


def test_sse_titles_are_dirty() -> None:
    with Simulator(size=3000, night=NIGHT) as sim:
        total, rows = Reader(sim).sse_all(700)
        assert len({row["stockAuditNum"] for row in rows}) == len(rows) == total
        titles = [row["stockAuditName"] for row in rows]
    dirt = ("在科创板上市", "在主板上市", "上市项目", "首次 公开", "IPO项目", "_IPO", "(", "\u3000")
    assert all(any(word in title for title in titles) for word in dirt)
    assert 0.03 < sum(not title.endswith("公司") for title in titles) / len(titles) < 0.15


@pytest.mark.parametrize("referer", ["", "https://example.org/", "https://www.sse.com.cn.example.org/"])
def test_sse_refuses_a_foreign_referer_under_status_200(read: Reader, referer: str) -> None:
    response = read.sse(referer=referer)
    assert response.status_code == 200
    assert jsonp(response)["errorType"] == "ExceptionInterceptor"


def test_sse_filters_and_orders(sim: Simulator, read: Reader) -> None:
    totals = sim.truth().totals["SSE"]
    assert jsonp(read.sse(currStatus="2"))["pageHelp"]["total"] == totals["inquired"]
    assert jsonp(read.sse(currStatus="5", registeResult="1"))["pageHelp"]["total"] == totals["effective"]
    assert jsonp(read.sse(issueMarketType="7"))["result"] == []
    numbers = [
        row["stockAuditNum"] for row in jsonp(read.sse(1, 20, order="stockAuditNum|asc,updateDate|desc"))["result"]
    ]
    assert numbers == [str(n) for n in range(1, 21)]
    one = jsonp(read.sse(stockAuditNum="17"))["result"]
    assert [row["stockAuditNum"] for row in one] == ["17"]
    name = one[0]["stockIssuer"][0]["s_issueCompanyFullName"]
    assert "17" in [row["stockAuditNum"] for row in jsonp(read.sse(keyword=name))["result"]]
    assert jsonp(read.sse(isPagination="false"))["pageHelp"]["data"][totals["total"] - 1]
    assert jsonp(read.sse(sqlId="SOMETHING_ELSE"))["result"] == []
    assert jsonp(read.sse(99))["result"] == []


def test_szse_cuts_pages_to_100_and_counts_from_0(sim: Simulator, read: Reader) -> None:
    total = sim.truth().totals["SZSE"]["total"]
    answer = read.szse(1, 500, start="0").json()
    assert {k: answer[k] for k in ("totalSize", "totalPage", "pageSize", "pageIndex", "currentPage")} == {
        "totalSize": total,
        "totalPage": -(-total // 100),
        "pageSize": 100,
        "pageIndex": 1,
        "currentPage": 2,
    }
    assert len(answer["data"]) == total - 100
    row = answer["data"][0]
    assert list(row) == SZSE_ROW
    assert re.fullmatch(r"\d{4}-\d\d-\d\d 00:00:00", row["updtdt"])
    assert read.szse(0, bizType="2").json()["totalSize"] == 0
    assert read.szse(0, stage="20").json()["totalSize"] == sim.truth().totals["SZSE"]["inquired"]


def test_szse_and_bse_rows_are_true(sim: Simulator, read: Reader) -> None:
    truth = {(p.exchange, p.project_id): p for p in sim.truth().projects}
    total, rows = read.szse_all()
    assert total == len({row["prjid"] for row in rows}) == sim.truth().totals["SZSE"]["total"]
    for row in rows:
        project = truth["SZSE", str(row["prjid"])]
        sub = str(row["prjstatus"] or "")
        assert (row["cmpnm"], str(row["stage"]), sub) == (project.title, project.raw_status, project.raw_sub)
        assert row["sprinsts"] == project.sponsor_short_name
        assert row["acptdt"][:10] == str(project.accepted_on)
    total, rows = read.bse_all()
    assert total == len({row["id"] for row in rows}) == sim.truth().totals["BSE"]["total"]
    for row in rows:
        project = truth["BSE", str(row["id"])]
        assert (row["companyName"], row["status"]) == (project.company_name, project.raw_status)
        assert (row["sponsorOrg"], row["stockCode"]) == (project.sponsor_name, project.neeq_code)


def test_bse_wants_a_form_and_gives_20_rows(sim: Simulator, read: Reader) -> None:
    response = read.bse(0, pageSize="100")
    assert response.headers["Content-Type"] == "text/html;charset=UTF-8"
    answer = jsonp(response)
    assert len(answer) == 1
    listed = answer[0]["listInfo"]
    assert len(listed["content"]) == listed["size"] == 20
    assert listed["totalElements"] == sum(count["cnt"] for count in answer[0]["countsInfo"])
    assert list(listed["content"][0]) == BSE_ROW
    milliseconds = listed["content"][0]["updateDate"]["time"]
    assert (milliseconds // 1000 + 8 * 3600) % 86_400 == 0
    url = f"{sim.url}/www.bse.cn/projectNewsController/infoResult.do"
    assert read.session.get(url, timeout=5).status_code == 405
    assert read.session.get(f"{sim.url}/www.bse.cn/audit/project_news.html", timeout=5).cookies
    assert requests.post(url, data={"page": "0"}, timeout=5).text.startswith("null([")


def test_bse_filters_and_turns_the_order(sim: Simulator, read: Reader) -> None:
    terminated = jsonp(read.bse(shzt="P10"))[0]["listInfo"]
    assert terminated["totalElements"] == sim.truth().totals["BSE"]["terminated"]
    both = jsonp(read.bse(**{"statetypes[]": "P10,P02"}))[0]["listInfo"]
    assert both["totalElements"] > terminated["totalElements"]
    _, rows = read.bse_all()
    assert jsonp(read.bse(sorttype="asc"))[0]["listInfo"]["content"][0] == rows[-1]
    code = rows[0]["stockCode"]
    assert {row["stockCode"] for row in jsonp(read.bse(keyword=code))[0]["listInfo"]["content"]} == {code}


def test_lists_stand_newest_first(read: Reader) -> None:
    dates = [row["updateDate"] for row in read.sse_all()[1]]
    assert dates == sorted(dates, reverse=True)
    dates = [row["updtdt"] for row in read.szse_all()[1]]
    assert dates == sorted(dates, reverse=True)


def test_the_same_seed_gives_the_same_bytes(read: Reader) -> None:
    with Simulator(size=300, seed=5, night="2026-07-20") as twin:
        twin.night = NIGHT
        other = Reader(twin)
        assert other.sse().content == read.sse().content
        assert other.szse().content == read.szse().content
        assert other.bse().content == read.bse().content


def test_turning_the_night_changes_what_is_served(sim: Simulator, read: Reader) -> None:
    before = {row["prjid"]: row for row in read.szse_all()[1]}
    answer = read.session.get(f"{sim.url}/__night/2026-07-31", timeout=5).json()
    assert (answer["night"], sim.night) == ("2026-07-31", dt.date(2026, 7, 31))
    after = {row["prjid"]: row for row in read.szse_all()[1]}
    assert set(before) <= set(after)
    assert before != after
    truth = sim.truth(since=NIGHT)
    assert truth.changes["SZSE"]["added"] == len(after) - len(before)
    assert truth.changes["SZSE"]["changed"] == sum(row != after[key] for key, row in before.items())


def test_control_pages(sim: Simulator, read: Reader) -> None:
    get = read.session.get
    health = get(f"{sim.url}/__health", timeout=5).json()
    assert health["status"] == "ok"
    read.szse()
    noted = get(f"{sim.url}/__requests?host=www.szse.cn&clear=1", timeout=5).json()
    assert noted["count"] == 1
    assert noted["requests"][0]["query"] == {"bizType": "1", "pageIndex": "0", "pageSize": "100"}
    assert noted["requests"][0]["status"] == 200
    assert sim.requests == []
    assert get(f"{sim.url}/__night/2020-01-01", timeout=5).status_code == 400
    assert get(f"{sim.url}/__night/tomorrow", timeout=5).status_code == 400
    assert get(f"{sim.url}/__nothing", timeout=5).status_code == 404
    assert get(f"{sim.url}/www.example.org/", timeout=5).status_code == 404


def test_a_closed_simulator_answers_nobody() -> None:
    with Simulator(size=100, night=NIGHT) as sim, requests.Session() as session:
        url = f"{sim.url}/__health"
        assert session.get(url, timeout=5).ok
        sim.close()
        with pytest.raises(requests.ConnectionError):
            session.get(url, timeout=5)
