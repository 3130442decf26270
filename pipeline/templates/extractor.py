"""<< name >>: one page of the list after another, counted from 1."""

from collections.abc import Iterator

from extractors.core.http import Client
from extractors.core.pages import Page, at, stable_pages

PATH = "/records"


def record(client: Client) -> Iterator[Page]:
    """Yield the whole list as it stood at one moment; raise `ListMoved` if it never stands still."""

    def page(number: int) -> Page:
        body = client.get_json(PATH, params={"page": number, "size": 100}, has=("records", "total"))
        return Page(records=at(body, "records", list), declared_total=at(body, "total", int))

    return stable_pages(page, key="id", first=1)
