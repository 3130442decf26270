"""Beijing Stock Exchange: JSONP by POST form, pages counted from 0, 20 rows a page, the list in an array of one."""

from collections.abc import Iterable

import numpy as np
import orjson

from simulator.exchanges.base import UTC_OFFSET, Exchange, Positions, passing
from simulator.exchanges.listing import Listing
from simulator.messages import Reply, Request, as_page
from simulator.statuses import STATUSES
from simulator.vocabulary import PLACES, SPONSORS
from simulator.world import BSE, DAY, Projects

_PATH = "/projectNewsController/infoResult.do"
_PAGE_SIZE = 20


class Beijing(Exchange):
    """北京证券交易所: www.bse.cn, project news."""

    hosts = ("www.bse.cn",)
    code = BSE
    required = "status"

    def page(self, request: Request) -> int | None:
        if request.path != _PATH or request.method != "POST":
            return None
        return max(request.number("page", 0), 0)

    def answer(self, request: Request) -> Reply:
        page = self.page(request)
        if page is None and request.path == _PATH:
            return as_page("405 Method Not Allowed", 405, {"Allow": "POST"})
        if page is None and request.method == "POST":
            return as_page("404 Not Found", 404)
        if page is None:
            return as_page("北京证券交易所", headers={"Set-Cookie": "C3VK=simulator; Path=/"})
        listing = self.listing(request)
        start = page * _PAGE_SIZE
        rows, found, total = self.window(request, listing, self._choose(request, listing), start, start + _PAGE_SIZE)
        counts = [{"cnt": number, "status": code} for code, number in listing.counts_by_code.items()]
        foot = {
            "totalPages": -(-found // _PAGE_SIZE),
            "totalElements": total,
            "number": page,
            "size": _PAGE_SIZE,
        }
        info = b'"listInfo":{"content":[' + rows + b"]," + orjson.dumps(foot)[1:]
        return _jsonp(request, b'[{"countsInfo":' + orjson.dumps(counts) + b"," + info + b"}]")

    def error(self, request: Request) -> Reply:
        return _jsonp(request, orjson.dumps([{"success": False, "error": "系统异常"}]))

    def _choose(self, request: Request, listing: Listing) -> Positions:
        masks = []
        if codes := request.all("shzt") | request.all("statetypes[]") | request.all("statetypes"):
            masks.append(listing.standing(lambda status: status.code in codes))
        if word := request.one("keyword"):
            stock_codes = np.array(self.companies.stock_codes(listing.projects["company"]))
            masks.append(self.named(listing, word) | (stock_codes == word))
        chosen = passing(masks)
        if request.one("sorttype") == "asc" and request.one("sortfield", "updateDate") == "updateDate":
            return np.arange(len(listing))[::-1] if chosen is None else chosen[::-1]
        return chosen

    def records(self, projects: Projects) -> Iterable[dict[str, object]]:
        for number, name, short, stock_code, place, status, sponsor, updated, accepted in zip(
            projects["number"].tolist(),
            self.companies.names(projects["company"]),
            self.companies.short_names(projects["company"]),
            self.companies.stock_codes(projects["company"]),
            self.companies.places(projects["company"]),
            (STATUSES[row] for row in projects["status"].tolist()),
            projects["sponsor"].tolist(),
            ((projects["updated"] // DAY * DAY - UTC_OFFSET) * 1000).tolist(),
            ((projects["accepted"] - UTC_OFFSET) * 1000).tolist(),
            strict=True,
        ):
            yield {
                "companyName": name,
                "status": status.code,
                "sponsorOrg": SPONSORS[sponsor].full,
                "stockCode": stock_code,
                "stockName": short,
                "registerAddress": PLACES[place].province,
                "id": number,
                "receiveDate": {"time": accepted},
                "updateDate": {"time": updated},
            }


def _jsonp(request: Request, body: bytes) -> Reply:
    callback = request.one("callback") or "null"
    return Reply(callback.encode() + b"(" + body + b")", content_type="text/html;charset=UTF-8")
