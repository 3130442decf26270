"""Shenzhen Stock Exchange: IPO review projects, one page of the public list after another.

The list is zero-based, ignores `start`, and cuts `pageSize` to 100 whatever is asked.
"""

from collections.abc import Iterator

from extractors.core.http import Client
from extractors.core.pages import Page, at, stable_pages

PATH = "/api/ras/projectrends/query"


def ipo_project(client: Client) -> Iterator[Page]:
    """Yield the whole list as it stood at one moment; raise `ListMoved` if it never stands still."""

    def page(index: int) -> Page:
        query = {"bizType": 1, "pageIndex": index, "pageSize": 100}
        body = client.get_json(PATH, params=query, has=("data", "totalSize"))
        return Page(records=at(body, "data", list), declared_total=at(body, "totalSize", int))

    return stable_pages(page, key="prjid")
