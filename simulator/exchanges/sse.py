"""Shanghai Stock Exchange: JSONP by GET, refused under status 200 when the Referer is not one of its own pages."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

import numpy as np
import orjson

from simulator.companies import Numbers, people, scatter
from simulator.exchanges.base import Exchange, Positions, passing
from simulator.exchanges.listing import Listing
from simulator.messages import Reply, Request, as_page
from simulator.statuses import STATUSES
from simulator.vocabulary import ACCOUNTANTS, LAW_FIRMS, PLACES, SPONSORS, TRADES, Adviser
from simulator.world import BOARDS, DAY, SSE, Projects

_DRAFTING = 9 * DAY  # from the first draft of a filing to its acceptance
_COLUMNS = {"updateDate": "updated", "auditApplyDate": "accepted", "stockAuditNum": "number"}
_NEWEST_FIRST: tuple[list[list[str]], ...] = (
    [],
    [["updateDate", "desc"]],
    [["updateDate", "desc"], ["stockAuditNum", "desc"]],
)

TITLES = (
    "{name}",
    "{name}首次公开发行股票并在{board}上市",
    "{name}首次公开发行股票并在{board}上市项目",
    "{name}首次 公开发行股票并在{board}上市",
    "{name}{board}IPO项目",
    "{name}_IPO",
    "{half_width}",
    "{head} {tail}",
    "{name}\u3000",
)
"""How the title of a project is written, by world.PROJECT.title; how often is in world.TITLE_SHARES."""


class Shanghai(Exchange):
    """上海证券交易所: query.sse.com.cn, sqlId SH_XM_LB."""

    hosts = ("query.sse.com.cn", "www.sse.com.cn")
    code = SSE
    required = "currStatus"

    def page(self, request: Request) -> int | None:
        if request.host != "query.sse.com.cn" or request.one("sqlId") != "SH_XM_LB":
            return None
        return max(request.number("pageHelp.pageNo", request.number("pageHelp.beginPage", 1)), 1) - 1

    def answer(self, request: Request) -> Reply:
        if request.host == "www.sse.com.cn":
            return as_page("上海证券交易所")
        if request.path not in ("/commonSoaQuery.do", "/statusAction.do"):
            return as_page("404 Not Found", 404)
        referer = urlsplit(request.headers.get("Referer") or "").netloc
        if referer != "sse.com.cn" and not referer.endswith(".sse.com.cn"):
            return self.error(request)
        listing = self.listing(request)
        page = self.page(request)
        if page is None:  # another query of the same door: known to be there, nothing is in it
            return self._reply(request, Listing(listing.projects[:0], self.render), None, 0)
        return self._reply(request, listing, self._choose(request, listing), page)

    def error(self, request: Request) -> Reply:
        callback = request.one("jsonCallBack") or None
        answer = {
            "jsonCallBack": callback,
            "success": "false",
            "error": "系统繁忙...",
            "errorType": "ExceptionInterceptor",
        }
        return _jsonp(callback, orjson.dumps(answer))

    def _choose(self, request: Request, listing: Listing) -> Positions:
        """Filters and order of the live query."""
        projects = listing.projects
        masks = []
        if (markets := request.all("issueMarketType")) and markets != {"1", "2"}:
            masks.append(np.isin(projects["board"] + 1, [int(market) for market in markets if market.isdigit()]))
        if codes := request.all("currStatus"):
            masks.append(listing.standing(lambda status: status.code in codes))
        if results := request.all("commitiResult"):
            masks.append(listing.standing(lambda status: status.code in ("3", "9") and status.sub in results))
        if outcomes := request.all("registeResult"):
            masks.append(listing.standing(lambda status: status.code == "5" and status.sub in outcomes))
        if number := request.one("stockAuditNum"):
            masks.append(projects["number"] == (int(number) if number.isdigit() else -1))
        if word := request.one("keyword"):
            masks.append(self.named(listing, word))
        chosen = passing(masks)
        order = [part.split("|") for part in request.one("order").split(",") if "|" in part]
        if order in _NEWEST_FIRST:
            return chosen
        chosen = np.arange(len(projects)) if chosen is None else chosen
        keys = [
            projects[_COLUMNS[name]][chosen] * (-1 if way == "desc" else 1) for name, way in order if name in _COLUMNS
        ]
        return chosen[np.lexsort(keys[::-1])] if keys else chosen

    def _reply(self, request: Request, listing: Listing, chosen: Positions, page: int) -> Reply:
        callback = request.one("jsonCallBack") or request.one("jsonCallback") or None
        paged = request.one("isPagination", "true")
        size = max(request.number("pageHelp.pageSize", 25), 1)
        start, stop = (0, len(listing)) if paged == "false" else (page * size, (page + 1) * size)
        rows, found, total = self.window(request, listing, chosen, start, stop)
        head: dict[str, object] = {
            "actionErrors": [],
            "actionMessages": [],
            "downloadFileName": None,
            "execlStream": None,
            "fieldErrors": {},
            "fileId": None,
            "isPagination": paged,
            "jsonCallBack": callback,
            "locale": "zh_CN",
            "mergeSize": None,
            "mergeType": None,
        }
        help_head = {"beginPage": page + 1 if found else 0, "cacheSize": 1}
        help_tail = {
            "endDate": None,
            "endPage": None,
            "objectResult": None,
            "pageCount": -(-found // size),
            "pageNo": page + 1,
            "pageSize": size,
            "searchDate": None,
            "sort": None,
            "startDate": None,
            "total": total,
        }
        middle = {"pageNo": None, "pageSize": None, "queryDate": ""}
        tail = {
            "securityCode": "",
            "statistics": _statistics(listing),
            "texts": None,
            "type": "",
            "validateCode": "",
        }
        page_help = _opened(help_head) + b',"data":[' + rows + b"]," + orjson.dumps(help_tail)[1:]
        result = _opened(middle) + b',"result":[' + rows + b"]," + orjson.dumps(tail)[1:]
        return _jsonp(callback, _opened(head) + b',"pageHelp":' + page_help + b"," + result[1:])

    def records(self, projects: Projects) -> Iterable[dict[str, object]]:
        numbers, companies = projects["number"], projects["company"]
        for (
            number, name, short, place, trade, status, board, title, raise_wan, updated, accepted, drafted, operation,
            sponsor, accountant, law_firm, representative, auditor, lawyer, chair,
        ) in zip(
            map(str, numbers.tolist()),
            self.companies.names(companies),
            self.companies.short_names(companies),
            self.companies.places(companies),
            self.companies.trades(companies),
            (STATUSES[row] for row in projects["status"].tolist()),
            projects["board"].tolist(),
            projects["title"].tolist(),
            projects["raise_wan"].tolist(),
            _digits(projects["updated"]),
            _digits(projects["accepted"]),
            _digits(projects["accepted"] - _DRAFTING),
            scatter(numbers + projects["updated"], 1, 2**63).tolist(),
            projects["sponsor"].tolist(),
            projects["accountant"].tolist(),
            projects["law_firm"].tolist(),
            people(numbers, 11),
            people(numbers, 12),
            people(numbers, 13),
            people(numbers, 14),
            strict=True,
        ):  # fmt: skip
            sub = {status.code: int(status.sub)} if status.sub else {}
            yield {
                "updateDate": updated,
                "planIssueCapital": raise_wan / 10_000 if raise_wan % 10_000 else raise_wan // 10_000,  # 亿元
                "suspendStatus": sub.get("7", ""),
                "wenHao": "",
                "stockAuditName": written_title(title, name, BOARDS[SSE][board]),
                "currStatus": int(status.code),
                "stockAuditNum": number,
                "registeResult": sub.get("5", ""),
                "intermediary": [
                    _party(number, 1, f"0_{1000 + sponsor}", SPONSORS[sponsor], 22, "保荐代表人A", representative),
                    _party(
                        number,
                        2,
                        f"{20000 + accountant}",
                        ACCOUNTANTS[accountant],
                        32,
                        "签字会计师A",
                        auditor,
                    ),
                    _party(number, 3, f"{10000 + law_firm}", LAW_FIRMS[law_firm], 42, "签字律师A", lawyer),
                ],
                "collectType": 1,
                "stockIssuer": [
                    {
                        "s_personName": chair,
                        "auditId": number,
                        "s_stockIssueId": number,
                        "s_personId": number + "15",
                        "s_issueCompanyFullName": name,
                        "s_csrcCode": TRADES[trade].code,
                        "s_jobTitle": "董事长",
                        "s_issueCompanyAbbrName": short,
                        "s_csrcCodeDesc": TRADES[trade].industry,
                        "s_province": PLACES[place].province,
                        "s_areaNameDesc": PLACES[place].name,
                        "s_companyCode": "",
                    }
                ],
                "createTime": drafted,
                "auditApplyDate": accepted,
                "issueAmount": "",
                "commitiResult": sub.get("3", sub.get("9", "")),
                "issueMarketType": board + 1,
                "OPERATION_SEQ": f"{operation:032x}",
            }


def written_title(title: int, name: str, board: str) -> str:
    """A company's project title as SSE writes it; `title` is an index into TITLES, `board` the board's name."""
    if title == 0:
        return name
    half_width = name.replace("（", "(").replace("）", ")")
    return TITLES[title].format(name=name, board=board, half_width=half_width, head=name[:4], tail=name[4:])


def _party(
    audit: str, kind: int, id_: str, adviser: Adviser, office: int, office_title: str, person: str
) -> dict[str, object]:
    """An adviser of a project, with the natural person who signs."""
    return {
        "auditId": audit,
        "i_intermediaryType": kind,
        "i_intermediaryId": id_,
        "i_person": [
            {
                "i_p_personName": person,
                "i_p_jobType": office,
                "i_p_personId": f"{audit}{office}",
                "i_p_jobTitle": office_title,
            }
        ],
        "i_intermediaryAbbrName": adviser.short,
        "i_intermediaryName": adviser.full,
        "i_intermediaryOrder": 1,
    }


def _statistics(listing: Listing) -> list[dict[str, object]]:
    """Counts by main code, then by main and sub-code, of the whole list whatever is filtered."""
    counts = dict(listing.counts_by_code)
    counts |= {f"{code}-{sub}": number for (code, sub), number in listing.counts.items() if sub}
    return [{"num": number, "status": status} for status, number in counts.items()]


def _opened(value: Mapping[str, object]) -> bytes:
    """A JSON object without its closing brace, to be continued."""
    return orjson.dumps(value)[:-1]


def _jsonp(callback: str | None, body: bytes) -> Reply:
    return Reply(callback.encode() + b"(" + body + b")") if callback else Reply(body)


def _digits(seconds: Numbers) -> list[str]:
    """Seconds of the wall clock as yyyymmddHHMMSS."""
    stamps = np.datetime_as_string(seconds.astype("datetime64[s]")).tolist()
    return [s[:4] + s[5:7] + s[8:10] + s[11:13] + s[14:16] + s[17:] for s in stamps]
