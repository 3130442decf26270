"""`extractors.core.http` against a server that misbehaves over real sockets."""

import gzip
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr
from scripted import MAINTENANCE, Answer, Server, as_json

from extractors.core import http
from extractors.core.errors import RefusedError, SchemaError, SourceError, TransientError
from extractors.core.http import Client, Payload, Retry

BASE = "https://www.szse.cn"
GOOD = as_json({"data": [], "totalSize": 0})


@pytest.fixture
def kept() -> list[Payload]:
    """Every answer the client handed over to be kept."""
    return []


@pytest.fixture
def client(server: Server, clock: Any, kept: list[Payload]) -> Callable[..., Client]:
    """Builds clients of the scripted server that take themselves to be talking to the live host."""

    def build(**options: Any) -> Client:
        return Client(BASE, clock=clock, keep=kept.append, address=server.address, **options)

    return build


# -- what is asked ---------------------------------------------------------------------------------------------------


def test_a_get_sends_who_we_are_and_what_the_source_requires(server: Server, client: Any) -> None:
    """Every request carries the declared User-Agent, the source's required headers and the parameters."""
    server.say(GOOD)
    asking = client(user_agent="fsdb/0.1 (data@bank.example)", headers={"Referer": "https://www.szse.cn/listing/"})
    assert asking.get_json("/api/list", params={"pageIndex": 3, "q": "科创 板"}) == {"data": [], "totalSize": 0}
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.query) == ("GET", "/api/list", {"pageIndex": "3", "q": "科创 板"})
    assert asked.headers["User-Agent"] == "fsdb/0.1 (data@bank.example)"
    assert asked.headers["Referer"] == "https://www.szse.cn/listing/"


def test_a_form_is_posted_and_kept_beside_the_answer(server: Server, client: Any, kept: list[Payload]) -> None:
    """A POST sends its parameters in the address and its fields in the body; the archive knows both."""
    server.say(Answer(b'cb([{"listInfo":{}}])'))
    client().post_form_jsonp("/info.do", params={"callback": "cb"}, form={"page": 2, "keyword": ""})
    (asked,) = server.asked
    assert (asked.method, asked.query, asked.form) == ("POST", {"callback": "cb"}, {"page": "2", "keyword": ""})
    assert kept[0].url == f"{BASE}/info.do?callback=cb"
    assert kept[0].form == "page=2&keyword="


def test_a_visit_brings_the_cookie_to_the_next_request(server: Server, client: Any) -> None:
    """A firewall's cookie, set by a page, is sent with the list that is asked for next."""
    server.say(Answer(b"<html></html>", headers={"Set-Cookie": "C3VK=box; Path=/"}), GOOD)
    asking = client()
    asking.visit("/audit/project_news.html")
    asking.get_json("/list")
    assert server.asked[1].headers["Cookie"] == "C3VK=box"


# -- what is asked again ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_passing_status_is_asked_again(status: int, server: Server, client: Any, clock: Any) -> None:
    """Time-outs, rate limits and server errors are asked again after a pause."""
    server.say(Answer(b"busy", status), GOOD)
    assert client().get_json("/list") == {"data": [], "totalSize": 0}
    assert clock.slept == [1.0]


def test_after_four_tries_the_source_is_left_alone(server: Server, client: Any, clock: Any) -> None:
    """Pauses double, the fourth failure is the last, and the error names address, status and first words."""
    server.say(Answer("<h1>系统繁忙</h1>".encode(), 503))
    with pytest.raises(TransientError, match=r'https://www.szse.cn/list\?p=1: answered 503: "系统繁忙"'):
        client().get_json("/list", params={"p": 1})
    assert len(server.asked) == 4
    assert clock.slept == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("status", [204, 301, 302, 400, 401, 403, 404, 405, 410, 422])
def test_a_refusal_is_not_asked_again(status: int, server: Server, client: Any, clock: Any) -> None:
    """A source that says no is asked once a night; neither is a redirect followed."""
    server.say(Answer(b"", status, headers={"Location": "/elsewhere"}))
    with pytest.raises(RefusedError, match=f"/list: answered {status}; not asked again tonight"):
        client().get_json("/list")
    assert [asked.path for asked in server.asked] == ["/list"]
    assert clock.slept == []


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (Answer(b'{"data": [1, 2, 3]}', cut=9), "only part of the body arrived"),
        (Answer(gzip.compress(b'{"data": []}')[:15], headers={"Content-Encoding": "gzip"}), "answered unreadable"),
        (Answer(b"no gzip", headers={"Content-Encoding": "gzip"}), "only part of the body arrived"),
        (Answer(reset=True), "connection broken"),
    ],
    ids=["half a body", "half a gzip", "not the encoding it says", "reset"],
)
def test_a_broken_transport_is_asked_again_and_then_named(
    broken: Answer, words: str, server: Server, client: Any, kept: list[Payload]
) -> None:
    """Half a body under a full Content-Length and a reset are failures of the moment, told in plain words."""
    server.say(broken, GOOD)
    assert client().get_json("/list", has=("data",)) == {"data": [], "totalSize": 0}
    server.say(broken)
    with pytest.raises(TransientError, match=f"^{BASE}/list: {words}"):
        client().get_json("/list", has=("data",))
    assert len(kept) == 6
    assert all("0x" not in payload.error and payload.fetched_at for payload in kept)


def test_a_source_that_does_not_answer_is_named(server: Server, client: Any, kept: list[Payload]) -> None:
    """Silence beyond the time-out is a failure of the moment, and on record as an answer that did not come."""
    server.say(Answer(hold=True))
    with pytest.raises(TransientError, match=f"^{BASE}/list: no answer within the time-out"):
        client(timeout=0.05).get_json("/list")
    assert [(payload.status, payload.body) for payload in kept] == [(0, b"")] * 4


def test_a_host_that_does_not_listen_is_named(server: Server, client: Any) -> None:
    """A refused connection is a failure of the moment."""
    server.stop()
    with pytest.raises(TransientError, match="/list: connection refused"):
        client().get_json("/list")


def test_a_maintenance_page_with_status_200_is_an_outage(
    server: Server, client: Any, kept: list[Payload], clock: Any
) -> None:
    """HTML where JSON was due is asked again; the error says HTML, its first words, its size and where it is kept."""
    server.say(MAINTENANCE)
    with pytest.raises(TransientError) as caught:
        client().get_json("/list")
    assert len(server.asked) == 4
    assert clock.slept == [1.0, 2.0, 4.0]
    body = MAINTENANCE.body
    sha256 = hashlib.sha256(body).hexdigest()
    assert str(caught.value) == (
        f'{BASE}/list: answered HTML instead of JSON: "系统维护中" ({len(body)} bytes, payload {sha256[:12]} kept)'
    )
    assert [payload.body for payload in kept] == [body] * 4
    assert kept[0].sha256 == sha256


def test_an_answer_without_a_body_is_an_outage(server: Server, client: Any) -> None:
    """Status 200 and nothing in it is asked again and said so."""
    server.say(Answer(b""))
    with pytest.raises(TransientError, match=r"answered nothing instead of JSON \(0 bytes"):
        client().get_json("/list")


@pytest.mark.parametrize("document", [{"success": "false", "errorType": "ExceptionInterceptor"}, [], [{}, {}], "busy"])
def test_an_error_object_with_status_200_is_an_outage(document: Any, server: Server, client: Any) -> None:
    """A document without the fields the source promises is asked again; the error names them and what came."""
    server.say(as_json(document), GOOD)
    assert client().get_json("/list", has=("data", "totalSize")) == {"data": [], "totalSize": 0}
    server.say(as_json(document))
    with pytest.raises(TransientError, match='/list: no data or totalSize in the answer: "') as caught:
        client().get_json("/list", has=("data", "totalSize"))
    assert as_json(document).body.decode()[:120] in str(caught.value)


# -- Retry-After -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "waited"),
    [
        ("7", 7.0),
        ("60", 60.0),
        ("Mon, 20 Jul 2026 18:00:30 GMT", 30.0),
        ("Mon, 20 Jul 2026 17:00:00 GMT", 0.0),
        ("soon", 1.0),
        ("-5", 1.0),
        ("1.5", 1.0),
        ("\xb2", 1.0),
        ("Mon, 20 Jul 2026 18:00:30 -0000", 1.0),
        ("", 1.0),
    ],
)
def test_retry_after_is_honoured(header: str, waited: float, server: Server, client: Any, clock: Any) -> None:
    """Seconds or a date (against the injected clock) are waited; anything else leaves our own pause."""
    server.say(Answer(b"slow down", 429, headers={"Retry-After": header}), GOOD)
    client().get_json("/list")
    assert clock.slept == [waited]


@pytest.mark.parametrize("header", ["61", "86400", "Tue, 21 Jul 2026 18:00:00 GMT"])
def test_a_source_that_wants_more_than_a_minute_is_left_alone(
    header: str, server: Server, client: Any, clock: Any
) -> None:
    """A Retry-After longer than a night waits is neither waited for nor overrun: one request, a clear message."""
    server.say(Answer(b"", 503, headers={"Retry-After": header}))
    with pytest.raises(
        TransientError, match=r"answered 503 and asks to wait \d+ s, longer than the 60 s a night waits"
    ):
        client().get_json("/list")
    assert len(server.asked) == 1
    assert clock.slept == []


# -- what is read ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        'callback({"result": ["括号)("]})',
        'callback({"result": ["括号)("]});\n',
        '\r\n jQuery1102_17.cb$({"result": ["括号)("]})',
        'null({"result": ["括号)("]})',
        'callback([{"result": ["括号)("]}])',
        '{"result": ["括号)("]}',
        '[{"result": ["括号)("]}]',
    ],
)
def test_jsonp_in_every_dress(body: str, server: Server, client: Any) -> None:
    """A callback, a bare document and an array of one document all give the document."""
    server.say(Answer(body.encode()))
    assert client().get_jsonp("/list", has=("result",)) == {"result": ["括号)("]}


UNCLOSED = [
    b'callback({"result": []}',
    b'callback({"result": []};',
    b"callback(",
    b"callback()",
    b'callback({"result": [})',
]


@pytest.mark.parametrize("body", UNCLOSED)
def test_an_unclosed_callback_is_half_an_answer(body: bytes, server: Server, client: Any) -> None:
    """A callback that is not closed is no document: asked again, then named."""
    server.say(Answer(body))
    with pytest.raises(TransientError, match="answered unreadable application/json instead of JSON"):
        client().get_jsonp("/list", has=("result",))
    assert len(server.asked) == 4


def test_a_body_beyond_the_limit_is_not_read(
    server: Server, client: Any, kept: list[Payload], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body larger than the limit, also after decompression, stops the fetch at once and is on record."""
    monkeypatch.setattr(http, "LARGEST_BODY", 2**20)
    server.say(Answer(gzip.compress(b" " * 2**22), headers={"Content-Encoding": "gzip"}))
    with pytest.raises(SchemaError, match="/list: body larger than 1 MB; not read further"):
        client().get_json("/list")
    assert len(server.asked) == 1
    assert [(payload.status, payload.body, payload.error) for payload in kept] == [
        (200, b"", "body larger than 1 MB; not read further")
    ]


# -- pacing ----------------------------------------------------------------------------------------------------------


def test_requests_keep_their_distance(server: Server, client: Any, clock: Any) -> None:
    """Two requests to a source are at least its interval apart, counted from start to start."""
    server.say(GOOD)
    asking = client(interval=5.0)
    asking.get_json("/1")
    clock.sleep(2.0)  # work in between
    asking.get_json("/2")
    clock.sleep(9.0)
    asking.get_json("/3")
    assert clock.slept == [2.0, 3.0, 9.0]


def test_a_second_try_keeps_its_distance_too(server: Server, client: Any, clock: Any) -> None:
    """Asking again is a request like any other: the pause of the retry counts towards the interval."""
    server.say(Answer(b"", 503), GOOD)
    client(interval=5.0).get_json("/list")
    assert clock.slept == [1.0, 4.0]


# -- what is kept ----------------------------------------------------------------------------------------------------


def test_every_answer_is_kept_and_every_retry_recorded(server: Server, client: Any, kept: list[Payload]) -> None:
    """Good and bad answers reach the archive under their live address, with the time and the reason of each retry."""
    server.say(Answer(b"down", 503), Answer(reset=True), MAINTENANCE, as_json({"error": "x"}), GOOD)
    asking = client()
    with pytest.raises(TransientError):
        asking.get_json("/list", has=("data",))
    asking.get_json("/list", has=("data",))
    url = f"{BASE}/list"
    assert [(payload.url, payload.status, payload.error) for payload in kept] == [
        (url, 503, ""),
        (url, 0, "connection broken"),
        (url, 200, ""),
        (url, 200, ""),
        (url, 200, ""),
    ]
    assert [payload.body for payload in kept] == [b"down", b"", MAINTENANCE.body, b'{"error": "x"}', GOOD.body]
    assert [(kept[at].fetched_at - kept[0].fetched_at).seconds for at in range(5)] == [0, 1, 3, 7, 7]
    assert kept[-1].source_clock.endswith("GMT")
    assert asking.last is kept[-1]
    assert [(retry.url, retry.waited_seconds) for retry in asking.retries] == [(url, 1.0), (url, 2.0), (url, 4.0)]
    assert asking.retries[0] == Retry(url, f'{url}: answered 503: "down"', 1.0)


def test_personal_values_are_gone_before_anything_is_kept(server: Server, client: Any, kept: list[Payload]) -> None:
    """Neither the archive nor the parsed document ever sees a personal value; the hash of what came is on record."""
    body = b'{"linkman": "ZHANG San", "data": []}'
    server.say(Answer(body))
    assert client(personal=["linkman"]).get_json("/list") == {"linkman": None, "data": []}
    assert kept[0].body == b'{"linkman":null, "data": []}'
    assert kept[0].redacted == 1
    assert kept[0].received_sha256 == hashlib.sha256(body).hexdigest()
    assert kept[0].sha256 == hashlib.sha256(kept[0].body).hexdigest()


def test_an_error_never_quotes_a_personal_value(server: Server, client: Any) -> None:
    """The first words of a bad answer in the message come from what is kept, not from what came."""
    server.say(Answer(b'{"linkman": "ZHANG San", "oops', 500))
    with pytest.raises(SourceError) as caught:
        client(personal=["linkman"]).get_json("/list")
    assert "ZHANG" not in str(caught.value)
    assert '"linkman":null' in str(caught.value)


# -- several hosts ---------------------------------------------------------------------------------------------------


def boxed(server: Server, clock: Any, kept: list[Payload], **options: Any) -> Client:
    """A client of a box that serves live hosts as path prefixes."""
    return Client(BASE, clock=clock, keep=kept.append, address=f"{server.address}/www.szse.cn", **options)


def test_a_host_that_the_source_names_is_asked_like_the_source(server: Server, clock: Any, kept: list[Payload]) -> None:
    """Wherever it answers: the archive knows it by its live address, however the answer spelt it."""
    server.say(GOOD)
    client = boxed(server, clock, kept, headers={"Referer": "x"}, personal=["linkman"])
    for named in ("https://API.bank.example/base/", f" {server.address}/api.bank.example/base"):
        client.at(named).get_json("/list", params={"a": 1}, headers={"x-v": "5"})
    assert [asked.path for asked in server.asked] == ["/api.bank.example/base/list"] * 2
    assert {payload.url for payload in kept} == {"https://api.bank.example/base/list?a=1"}
    assert (server.asked[0].headers["x-v"], server.asked[0].headers["Referer"]) == ("5", "x")


@pytest.mark.parametrize(
    "address",
    [
        "http://bank.example/x", "ftp://bank.example/", "file:///etc/passwd", "bank.example", "", "https://localhost/x",
        "https://127.0.0.1/x", "https://[::1]/x", "https://2130706433/", "https://user@bank.example/", "https://a..b/",
        "https://bank.example:x/", "//bank.example/x",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_https_is_not_followed(
    address: str, server: Server, clock: Any, kept: list[Payload]
) -> None:
    """What a source says must not send us to a neighbour, or anywhere in the open."""
    with pytest.raises(SchemaError, match=r"expected the https address of a public host.*: not followed"):
        boxed(server, clock, kept).at(address)
    assert server.asked == []


def test_a_link_is_followed_under_its_own_base_only(server: Server, clock: Any, kept: list[Payload]) -> None:
    """The next page of a list is a page of the same holder."""
    holder = boxed(server, clock, kept).at("https://bank.example/base")
    assert holder.path_of("https://bank.example/base/list?page=2") == "/list?page=2"
    assert holder.path_of(f"{server.address}/bank.example/base/list?page=2") == "/list?page=2"
    for elsewhere in (
        "https://bank.example/other/list",
        "https://evil.example/base/list",
        "https://bank.example/base2",
    ):
        with pytest.raises(SchemaError, match=r"expected an address under https://bank.example/base"):
            holder.path_of(elsewhere)


def test_a_stand_in_for_one_host_has_no_others(server: Server, client: Any) -> None:
    """A test installation never asks live hosts because a stand-in named one."""
    with pytest.raises(SchemaError, match=r"this installation has one for https://www.szse.cn only"):
        client().at("https://bank.example")
    assert server.asked == []


def test_hosts_have_their_own_pace_and_share_it(server: Server, clock: Any, kept: list[Payload]) -> None:
    """Two addresses on one host wait for each other, another host does not."""
    server.say(GOOD)
    client = boxed(server, clock, kept, interval=5.0)
    first, second = client.at("https://a.example/1"), client.at("https://a.example/2")
    first.get_json("/list")
    client.at("https://b.example").get_json("/list")
    assert clock.slept == []
    second.get_json("/list")
    assert clock.slept == [5.0]


def test_what_works_apart_is_archived_when_it_is_taken(server: Server, clock: Any, kept: list[Payload]) -> None:
    """Payloads and retries wait until then."""
    server.say(Answer(b"busy", 503), GOOD)
    client = boxed(server, clock, kept)
    apart = client.at("https://a.example", apart=True)
    apart.get_json("/list")
    assert (kept, client.retries) == ([], [])
    client.take(apart)
    assert [payload.status for payload in kept] == [503, 200]
    assert len(client.retries) == 1


# -- tokens ----------------------------------------------------------------------------------------------------------


def test_a_token_goes_to_the_source_alone(server: Server, clock: Any, kept: list[Payload]) -> None:
    """In a header, to the host it was given for; not to hosts that host names."""
    server.say(GOOD)
    client = boxed(server, clock, kept, token=SecretStr("s3cret"))
    client.get_json("/list")
    client.at("https://www.szse.cn/other").get_json("/list")
    client.at("https://bank.example").get_json("/list")
    assert [asked.headers.get("Authorization") for asked in server.asked] == ["Bearer s3cret", "Bearer s3cret", None]
    assert "s3cret" not in repr(kept) + repr(vars(client))


# -- large bodies ----------------------------------------------------------------------------------------------------


def test_a_body_that_drips_is_not_waited_for(server: Server, client: Any, clock: Any, kept: list[Payload]) -> None:
    """Each byte comes within the time-out, the body does not: it ends after ten time-outs in all."""
    server.say(Answer(b'{"data": []}' + b" " * 50, drip=lambda: clock.sleep(4.0)))
    with pytest.raises(TransientError, match=r"/list: body not complete after 10 time-outs \(\d+ bytes came\)"):
        client(timeout=5.0).get_json("/list")
    assert len(kept) == 4


def test_a_large_file_goes_to_the_disk_and_away_again(
    server: Server, client: Any, kept: list[Payload], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own limit holds, what is archived of it is for the reader to say, and the hash of what came is on record."""
    monkeypatch.setattr(http, "LARGEST_BODY", 2**20)
    body = b"a,b\n" * 2**19
    server.say(Answer(b"", 503), Answer(body))
    with client(folder=tmp_path, largest=4 * 2**20).download("/file.csv") as came:
        assert came.path.read_bytes() == body
        (tmp_path / "kept.csv").write_bytes(b"a\n")
        assert came.keep(tmp_path / "kept.csv", 1) == hashlib.sha256(b"a\n").hexdigest()
    assert [path.name for path in tmp_path.iterdir()] == ["kept.csv"]
    assert [(payload.status, payload.file, payload.redacted) for payload in kept] == [
        (503, "", 0),
        (200, "kept.csv", 1),
    ]
    assert kept[1].received_sha256 == hashlib.sha256(body).hexdigest()
    assert kept[1].body == b""


@pytest.mark.parametrize("answer", [Answer(b"x" * 2**21), Answer(b"x" * 99, cut=9), Answer(b"gone", 404)])
def test_a_file_that_does_not_come_whole_leaves_nothing(
    answer: Answer, server: Server, client: Any, kept: list[Payload], tmp_path: Any
) -> None:
    """Too large, cut off, refused: an error, and every answer on record."""
    server.say(answer)
    with pytest.raises(SourceError), client(folder=tmp_path, largest=2**20).download("/file.csv"):
        raise AssertionError("there is no file to read")
    assert list(tmp_path.iterdir()) == []
    assert kept


def test_errors_with_status_200_are_a_refusal(server: Server, client: Any) -> None:
    """Named and not asked again; an empty list of errors is none."""
    server.say(as_json({"errors": [{"code": "x", "title": "no"}], "data": []}))
    with pytest.raises(RefusedError, match=r'/list: answered 200 and an error: "\{"errors'):
        client().get_json("/list", has=("data",))
    assert len(server.asked) == 1
    server.say(as_json({"errors": [], "data": []}))
    assert client().get_json("/list", has=("data",))["data"] == []
