"""Shenzhen Stock Exchange: JSON by GET, pages counted from 0, at most 100 rows a page whatever is asked."""

from collections.abc import Iterable

import numpy as np
import orjson

from simulator.companies import Numbers
from simulator.exchanges.base import Exchange, Positions, passing
from simulator.exchanges.listing import Listing
from simulator.messages import Reply, Request, as_json, as_page
from simulator.statuses import STATUSES
from simulator.vocabulary import SPONSORS, TRADES
from simulator.world import BOARDS, SZSE, Projects

_PATH = "/api/ras/projectrends/query"
_MAX_PAGE_SIZE = 100


class Shenzhen(Exchange):
    """深圳证券交易所: www.szse.cn, project trends."""

    hosts = ("www.szse.cn", "listing.szse.cn")
    code = SZSE
    required = "prjst"

    def page(self, request: Request) -> int | None:
        return max(request.number("pageIndex", 0), 0) if request.path == _PATH else None

    def answer(self, request: Request) -> Reply:
        page = self.page(request)
        if page is None:
            return as_page("404 Not Found", 404) if request.path.startswith("/api/") else as_page("深圳证券交易所")
        listing = self.listing(request)
        size = min(max(request.number("pageSize", 20), 1), _MAX_PAGE_SIZE)
        start = page * size  # a `start` in the request is ignored
        rows, found, total = self.window(request, listing, self._choose(request, listing), start, start + size)
        head = {
            "totalPage": -(-found // size),
            "pageSize": size,
            "totalSize": total,
            "start": start,
            "currentPage": page + 1,
            "pageIndex": page,
        }
        return Reply(orjson.dumps(head)[:-1] + b',"data":[' + rows + b"]}")

    def error(self, request: Request) -> Reply:
        return as_json({"code": "-1", "message": "系统繁忙，请稍后再试", "path": request.path})

    def _choose(self, request: Request, listing: Listing) -> Positions:
        masks = []
        if request.all("bizType") - {"1"}:  # 1 is IPO; refinancing and restructuring have no projects here
            masks.append(np.zeros(len(listing), bool))
        if stages := request.all("stage") - {"0"}:
            masks.append(listing.standing(lambda status: status.code in stages))
        if codes := request.all("status") - {"0"}:
            masks.append(listing.standing(lambda status: status.sub in codes))
        if word := request.one("keywords"):
            masks.append(self.named(listing, word))
        return passing(masks)

    def records(self, projects: Projects) -> Iterable[dict[str, object]]:
        for number, name, short, trade, status, board, sponsor, updated, accepted in zip(
            projects["number"].tolist(),
            self.companies.names(projects["company"]),
            self.companies.short_names(projects["company"]),
            self.companies.trades(projects["company"]),
            (STATUSES[row] for row in projects["status"].tolist()),
            projects["board"].tolist(),
            projects["sponsor"].tolist(),
            _days(projects["updated"]),
            _days(projects["accepted"]),
            strict=True,
        ):
            yield {
                "prjid": number,
                "cmpnm": name,
                "cmpsnm": short,
                "prjst": status.label,
                "stage": int(status.code),
                "prjstatus": int(status.sub) if status.sub else None,
                "boardName": BOARDS[SZSE][board],
                "sprinsts": SPONSORS[sponsor].short,
                "csrcind": TRADES[trade].industry,
                "updtdt": updated,
                "acptdt": accepted,
            }


def _days(seconds: Numbers) -> list[str]:
    """Seconds of the wall clock as yyyy-mm-dd 00:00:00."""
    days = np.datetime_as_string(seconds.astype("datetime64[s]").astype("datetime64[D]")).tolist()
    return [day + " 00:00:00" for day in days]
