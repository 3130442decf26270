"""Beijing Stock Exchange: IPO review projects, a form posted per page of 20, counted from 0.

The firewall wants a visitor to have seen the page before asking for its list. The answer is JSONP around an
array of one.
"""

from collections.abc import Iterator

from extractors.core.http import Client
from extractors.core.pages import Page, at, stable_pages

PATH = "/projectNewsController/infoResult.do"
FORM: dict[str, str | int] = {"isNewThree": "1", "sortfield": "updateDate", "sorttype": "desc", "keyword": ""}


def ipo_project(client: Client) -> Iterator[Page]:
    """Yield the whole list as it stood at one moment; raise `ListMoved` if it never stands still."""
    client.visit("/audit/project_news.html")

    def page(index: int) -> Page:
        body = client.post_form_jsonp(
            PATH, params={"callback": "callback"}, form=FORM | {"page": index}, has=("listInfo",)
        )
        return Page(records=at(body, "listInfo.content", list), declared_total=at(body, "listInfo.totalElements", int))

    yield from stable_pages(page, key="id")
