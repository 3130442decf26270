"""Each fault does what it says, for as long as it is asked to, and only where it is asked to."""

import pytest
import requests
from simulator_reader import NIGHT, Reader, jsonp

from simulator import Simulator
from simulator.faults import ANSWER_KINDS, LIST_KINDS, Fault
from simulator.statuses import STATUSES

HOST = "www.szse.cn"


@pytest.mark.parametrize(("kind", "status"), [("403", 403), ("429", 429), ("500", 500), ("503", 503)])
def test_error_statuses_last_as_long_as_counted(sim: Simulator, read: Reader, kind: str, status: int) -> None:
    sim.fault(f"{HOST}:{kind}:2")
    assert [read.szse().status_code for _ in range(3)] == [status, status, 200]
    assert read.bse().status_code == 200


@pytest.mark.parametrize("kind", ["429", "503"])
def test_the_client_is_told_when_to_come_back(sim: Simulator, read: Reader, kind: str) -> None:
    sim.fault(f"{HOST}:{kind}")
    assert read.szse().headers["Retry-After"] == "3"


@pytest.mark.parametrize("kind", ["timeout", "reset"])
def test_no_answer_at_all(sim: Simulator, read: Reader, kind: str) -> None:
    sim.fault(f"{HOST}:{kind}:1")
    with pytest.raises(requests.ConnectionError):
        read.szse()
    assert sim.requests[-1]["fault"] == kind
    assert read.szse().ok


def test_half_a_body(sim: Simulator, read: Reader) -> None:
    sim.fault(f"{HOST}:truncate:1")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        read.szse()
    assert read.szse().ok


def test_status_200_without_data(sim: Simulator, read: Reader) -> None:
    sim.fault("*:html:3")
    for response in (read.sse(), read.szse(), read.bse()):
        assert (response.status_code, response.text[:9]) == (200, "<!DOCTYPE")
    sim.clear()
    sim.fault("*:blank:3")
    assert [response.content for response in (read.sse(), read.szse(), read.bse())] == [b"", b"", b""]
    sim.clear()
    sim.fault("*:error:3")
    assert jsonp(read.sse())["errorType"] == "ExceptionInterceptor"
    assert "data" not in read.szse().json()
    assert "listInfo" not in jsonp(read.bse())[0]


def test_empty_lists_are_well_formed(sim: Simulator, read: Reader) -> None:
    sim.fault("*:empty")
    assert read.sse_all() == read.szse_all() == read.bse_all() == (0, [])
    assert jsonp(read.bse())[0]["countsInfo"] == []


def test_columns_come_and_go(sim: Simulator, read: Reader) -> None:
    sim.fault("*:drift-add")
    sim.fault("*:drift-drop")
    columns = {"currStatus": read.sse_all(), "prjst": read.szse_all(), "status": read.bse_all()}
    for required, (_, rows) in columns.items():
        assert all(row["upstreamExtra"] == "new column" and required not in row for row in rows)


def test_one_record_has_a_code_nobody_knows(sim: Simulator, read: Reader) -> None:
    sim.fault("*:unknown-status")
    known = {(status.exchange, status.code) for status in STATUSES if status.canonical != "unknown"}
    for exchange, column, (total, rows) in (
        ("SSE", "currStatus", read.sse_all()),
        ("SZSE", "stage", read.szse_all()),
        ("BSE", "status", read.bse_all()),
    ):
        assert len(rows) == total
        assert sum((exchange, str(row[column])) not in known for row in rows) == 1


def test_a_finished_project_is_reopened(sim: Simulator, read: Reader) -> None:
    before = {row["prjid"]: row for row in read.szse_all()[1]}
    sim.fault(f"{HOST}:reopened")
    after = {row["prjid"]: row for row in read.szse_all()[1]}
    differing = [key for key in before if before[key] != after[key]]
    assert len(differing) == 1
    assert before[differing[0]]["stage"] in (40, 60)
    assert after[differing[0]]["prjst"] == "已受理"


def test_the_list_shrinks(sim: Simulator, read: Reader) -> None:
    whole, _ = read.szse_all()
    sim.fault(f"{HOST}:shrink")
    total, rows = read.szse_all()
    assert total == len(rows) == whole * 7 // 10


def test_the_list_is_cut_in_half(sim: Simulator, read: Reader) -> None:
    whole, _ = read.bse_all()
    sim.fault("www.bse.cn:halve")
    total, rows = read.bse_all()
    assert total == len(rows) == whole // 2


def test_a_token_expires_after_the_first_page(sim: Simulator, read: Reader) -> None:
    """The count is used up by the pages it hits, not by the first one."""
    sim.fault(f"{HOST}:expired:1")
    assert [read.szse(page, 10).status_code for page in (0, 1, 2)] == [200, 401, 200]


def test_the_total_is_wrong(sim: Simulator, read: Reader) -> None:
    sim.fault("*:bad-total")
    for total, rows in (read.sse_all(), read.szse_all(), read.bse_all()):
        assert total == len(rows) + 7


@pytest.mark.parametrize(
    ("host", "crawl", "key"),
    [
        ("query.sse.com.cn", Reader.sse_all, "stockAuditNum"),
        (HOST, Reader.szse_all, "prjid"),
        ("www.bse.cn", Reader.bse_all, "id"),
    ],
)
def test_the_list_moves_while_it_is_read(sim: Simulator, read: Reader, host: str, crawl: object, key: str) -> None:
    """A reader of all pages gets one row twice and misses the new one; the next reader finds one more, once each."""
    assert callable(crawl)
    whole, _ = crawl(read)
    sim.fault(f"{host}:shift:1")
    total, rows = crawl(read)
    assert (total, len(rows), len({row[key] for row in rows})) == (whole + 1, whole + 1, whole)
    total, rows = crawl(read)
    assert (total, len(rows), len({row[key] for row in rows})) == (whole + 1,) * 3
    assert "新增受理测试1股份有限公司" in str(rows[0])
    sim.night = NIGHT
    assert crawl(read)[0] == whole


def test_a_moving_list_moves_once_in_every_crawl(sim: Simulator, read: Reader) -> None:
    whole, _ = read.bse_all()
    sim.fault("www.bse.cn:shift")
    assert [read.bse_all()[0] for _ in range(3)] == [whole + 1, whole + 2, whole + 3]


def test_chance_is_the_same_every_time() -> None:
    def outcomes(seed: int) -> list[int]:
        with Simulator(size=60, seed=seed, night=NIGHT, faults=[f"{HOST}:500:50%"]) as sim:
            return [Reader(sim).szse().status_code for _ in range(20)]

    assert outcomes(1) == outcomes(1)
    assert {200, 500} == set(outcomes(1))
    assert outcomes(1) != outcomes(2)


def test_faults_are_switched_over_http(sim: Simulator, read: Reader) -> None:
    def control(query: str) -> requests.Response:
        return read.session.get(f"{sim.url}/__fault?{query}", timeout=5)

    assert control("set=*.cn:500&set=www.bse.cn:html").json()["faults"] == ["*.cn:500", "www.bse.cn:html"]
    assert read.szse().status_code == 500
    assert control("clear=*.cn:500").json()["faults"] == ["www.bse.cn:html"]
    assert read.szse().ok
    assert control("clear=all").json()["faults"] == []
    assert control("set=nonsense").status_code == 400


@pytest.mark.parametrize("spec", ["www.szse.cn", "www.szse.cn:boom", "www.szse.cn:500:many", "a:500:1:2"])
def test_a_bad_fault_is_refused(spec: str) -> None:
    with pytest.raises(ValueError, match="bad fault"):
        Fault(spec, seed=1)


def test_every_kind_is_tested_here(request: pytest.FixtureRequest) -> None:
    source = request.path.read_text(encoding="utf-8")
    assert [kind for kind in ANSWER_KINDS | LIST_KINDS if kind not in source] == []
