"""The three lists, read from a simulator the way the live sites are read."""

import json
from collections.abc import Callable
from typing import Any

import requests

from simulator import Simulator

NIGHT = "2026-07-13"


class Reader:
    """Asks a simulator for pages and whole lists."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.session = requests.Session()

    def sse(
        self, page: int = 1, size: int = 25, /, referer: str = "https://www.sse.com.cn/", **more: str
    ) -> requests.Response:
        query = {
            "jsonCallBack": "jsonpCallback7",
            "sqlId": "SH_XM_LB",
            "isPagination": "true",
            "issueMarketType": "1,2",
            "order": "updateDate|desc,stockAuditNum|desc",
            "pageHelp.pageNo": str(page),
            "pageHelp.pageSize": str(size),
        }
        url = f"{self.sim.url}/query.sse.com.cn/commonSoaQuery.do"
        return self.session.get(url, params=query | more, headers={"Referer": referer}, timeout=5)

    def szse(self, page: int = 0, size: int = 100, /, **more: str) -> requests.Response:
        query = {"bizType": "1", "pageIndex": str(page), "pageSize": str(size)}
        url = f"{self.sim.url}/www.szse.cn/api/ras/projectrends/query"
        return self.session.get(url, params=query | more, timeout=5)

    def bse(self, page: int = 0, /, **more: str) -> requests.Response:
        form = {"page": str(page), "isNewThree": "1", "sortfield": "updateDate", "sorttype": "desc"}
        url = f"{self.sim.url}/www.bse.cn/projectNewsController/infoResult.do"
        return self.session.post(url, params={"callback": "cb"}, data=form | more, timeout=5)

    def sse_all(self, size: int = 25) -> tuple[int, list[dict[str, Any]]]:
        """Declared total of the last page, and all rows."""
        return self._all(lambda page: jsonp(self.sse(page + 1, size))["pageHelp"], "data", "total")

    def szse_all(self) -> tuple[int, list[dict[str, Any]]]:
        """Declared total of the last page, and all rows."""
        return self._all(lambda page: self.szse(page).json(), "data", "totalSize")

    def bse_all(self) -> tuple[int, list[dict[str, Any]]]:
        """Declared total of the last page, and all rows."""
        return self._all(lambda page: jsonp(self.bse(page))[0]["listInfo"], "content", "totalElements")

    @staticmethod
    def _all(ask: Callable[[int], dict[str, Any]], rows: str, total: str) -> tuple[int, list[dict[str, Any]]]:
        found: list[dict[str, Any]] = []
        answer = ask(0)
        page = 0
        while answer[rows]:
            found += answer[rows]
            page += 1
            answer = ask(page)
        return answer[total], found


def jsonp(response: requests.Response) -> Any:
    """What stands between the brackets of a JSONP answer."""
    name, _, rest = response.text.partition("(")
    assert name.isidentifier()
    assert rest.endswith(")")
    return json.loads(rest[:-1])
