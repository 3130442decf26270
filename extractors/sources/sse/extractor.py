"""Shanghai Stock Exchange: IPO review projects, JSONP pages counted from 1.

The list answers only to a Referer of its own site; without it the answer is status 200 and an error object.
"""

from collections.abc import Iterator

from extractors.core.http import Client
from extractors.core.pages import Page, at, stable_pages

PATH = "/commonSoaQuery.do"
QUERY: dict[str, str | int] = {
    "jsonCallBack": "callback",
    "sqlId": "SH_XM_LB",
    "isPagination": "true",
    "issueMarketType": "1,2",
    "currStatus": "",
    "province": "",
    "csrcCode": "",
    "keyword": "",
    "auditApplyDateBegin": "",
    "auditApplyDateEnd": "",
    "order": "updateDate|desc,stockAuditNum|desc",
    "pageHelp.pageSize": 500,
    "pageHelp.cacheSize": 1,
}


def ipo_project(client: Client) -> Iterator[Page]:
    """Yield the whole list as it stood at one moment; raise `ListMoved` if it never stands still."""

    def page(number: int) -> Page:
        place = {f"pageHelp.{name}": number for name in ("pageNo", "beginPage", "endPage")}
        body = client.get_jsonp(PATH, params=QUERY | place, has=("result", "pageHelp"))
        return Page(records=at(body, "result", list), declared_total=at(body, "pageHelp.total", int))

    return stable_pages(page, key="stockAuditNum", first=1)
