"""NFRA's site: the lists of penalty decisions and their pages."""

import re

from simulator.lending.penalties import ITEMS, Penalties, Penalty, doc_title, table_html
from simulator.messages import Institution, Reply, Request, as_json, as_page

_LIST = "/cbircweb/DocInfo/SelectDocByItemIdAndChild"
_STATIC_LIST = re.compile(
    r"/cn/static/data/DocInfo/SelectDocByItemIdAndChild/data_itemId=(\d+),pageIndex=(\d+),pageSize=(\d+)\.json"
)
_DETAIL = "/cbircweb/DocInfo/SelectByDocId"
_STATIC_DETAIL = re.compile(r"/cn/static/data/DocInfo/SelectByDocId/data_docId=(\d+)\.json")
_PAGE_ROWS, _STATIC_PAGES = 18, 3


class Regulator(Institution):
    """国家金融监督管理总局: www.nfra.gov.cn. Knows the list faults empty, shrink, halve and bad-total."""

    hosts = ("www.nfra.gov.cn",)

    def __init__(self, penalties: Penalties) -> None:
        self.penalties = penalties

    def page(self, request: Request) -> int | None:
        asked = self._asked(request)
        return None if asked is None else asked[1] - 1

    def answer(self, request: Request) -> Reply:
        if (asked := self._asked(request)) is not None:
            return self._list(request, *asked)
        static = _STATIC_DETAIL.fullmatch(request.path)
        if static or request.path == _DETAIL:
            return self._detail(request, static[1] if static else request.one("docId"))
        return as_page("国家金融监督管理总局") if request.path == "/" else as_page("404 Not Found", 404)

    def error(self, request: Request) -> Reply:
        return as_json({"rptCode": 500, "msg": "系统繁忙", "data": None, "path": request.path})

    def _asked(self, request: Request) -> tuple[str, int, int] | None:
        """Item, page from 1 and rows a page of a request for a list; the static form has the first pages only."""
        if static := _STATIC_LIST.fullmatch(request.path):
            return (static[1], int(static[2]), int(static[3])) if int(static[2]) <= _STATIC_PAGES else None
        if request.path != _LIST:
            return None
        return request.one("itemId"), max(request.number("pageIndex", 1), 1), request.number("pageSize", _PAGE_ROWS)

    def _list(self, request: Request, item: str, page: int, size: int) -> Reply:
        known = self.penalties.at(request.night, item) if item in ITEMS else []
        for kind, share in (("shrink", 0.7), ("halve", 0.5), ("empty", 0.0)):
            if kind in request.shapes:
                known = known[: int(len(known) * share)]
        size = min(max(size, 1), _PAGE_ROWS)
        rows = [_head(penalty) for penalty in known[(page - 1) * size : page * size]]
        total = len(known) + 7 * ("bad-total" in request.shapes)
        return as_json({"rptCode": 200, "msg": "成功", "data": {"total": total, "rows": rows}})

    def _detail(self, request: Request, doc_id: str) -> Reply:
        for penalty in self.penalties.at(request.night):
            if str(penalty.doc_id) == doc_id:
                return as_json({"rptCode": 200, "msg": "成功", "data": _head(penalty) | _body(penalty)})
        return as_json({"rptCode": 404, "msg": "文档不存在", "data": None}, 404)


def _head(penalty: Penalty) -> dict[str, object]:
    return {
        "docId": penalty.doc_id,
        "docSubtitle": doc_title(penalty),
        "docTitle": doc_title(penalty),
        "publishDate": f"{penalty.published_on} 17:{penalty.doc_id % 60:02}:00",
        "itemName": ITEMS[penalty.item],
        "generaltype": "1",
        "datafrom": None,
    }


def _body(penalty: Penalty) -> dict[str, object]:
    html = f'<html><head><meta charset="gb2312"></head><body>{table_html(penalty)}</body></html>'
    return {"docClob": html, "attachmentInfoVOList": [], "pdfFileUrl": "", "itemId": int(penalty.item)}
