"""Partner feed of banks' financial products: what is new or changed since a cursor, then the detail of each.

The contract is in `README.md` beside this file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from extractors.core.errors import RefusedError, SchemaError, TransientError
from extractors.core.http import Client, Params
from extractors.core.pages import Cursor, Page, Record, Since, Yielded, at
from extractors.core.spec import all_specs

PATH = "/v1/products"
LIMIT = 200
KEY = ("institution_code", "product_id")


@dataclass(frozen=True, slots=True)
class _Listing:
    """What is listed: keys in the order of the feed, the number it declares, and where the next listing begins."""

    keys: list[tuple[str, str]]
    total: int
    cursor: str


def product(client: Client, since: Since) -> Iterator[Yielded]:
    """Yield every listed product as its detail says it; raise `SourceError` where the listing or a detail fails."""
    listing, whole = _listed(client, since.cursor)
    required = sorted(all_specs()["bank_products"].resources["product"].required)
    lacking = set(required)
    if not listing.keys:
        yield Page([], listing.total)
    for key in listing.keys:
        detail = _detail(client, key)
        lacking -= detail.keys()
        # One record without a required value is withheld later, with its reason.
        yield Page([dict.fromkeys(required) | detail], listing.total)
    if listing.keys and lacking:
        raise SchemaError(f"none of the {len(listing.keys)} products has the field {', '.join(sorted(lacking))}")
    yield Cursor(listing.cursor, whole)


def _listed(client: Client, cursor: str | None) -> tuple[_Listing, bool]:
    """The listing since a cursor, and whether it is everything: so it is where the feed does not know the cursor."""
    if cursor is None:
        return _listing(client, {}), True
    try:
        return _listing(client, {"since": cursor}), False
    except RefusedError:
        if client.last is None or client.last.status != 410:
            raise
        return _listing(client, {}), True


def _listing(client: Client, query: Params) -> _Listing:
    """All pages of a listing; they are pages of one moment, so total and cursor stay."""
    found: list[tuple[str, str]] = []
    first: tuple[int, str] | None = None
    token: str | None = None
    seen: set[str] = set()
    while True:
        page = client.get_json(
            PATH,
            params={"limit": LIMIT} | dict(query) | ({"page_token": token} if token else {}),
            has=("items", "next_page_token", "total", "cursor"),
        )
        items = at(page, "items", list)
        for item in items:
            found.append((at(item, KEY[0], str), at(item, KEY[1], str)))
        told = at(page, "total", int), at(page, "cursor", str)
        first = first or told
        if told != first:
            raise TransientError(f"the listing changed while it was read: total, cursor were {first}, are {told}")
        token = page["next_page_token"]
        if token is None:
            break
        if not isinstance(token, str) or token in seen or not items:
            came = "again" if items else "with an empty page"
            raise SchemaError(f"expected another page token or null, got {token!r:.80} {came}: the listing has no end")
        if len(found) > first[0]:
            break
        seen.add(token)
    if len(found) != first[0]:
        more = " or more" if token else ""
        raise TransientError(f"the listing declares {first[0]} products, {len(found)}{more} came")
    return _Listing(found, *first)


def _detail(client: Client, key: tuple[str, str]) -> Record:
    """The detail of a product, which must be the one that was asked for."""
    path = f"{PATH}/{quote(key[0], safe='')}/{quote(key[1], safe='')}"
    try:
        detail: Record = client.get_json(path, has=KEY)
    except RefusedError as error:
        if client.last is not None and client.last.status == 404:
            # Withdrawn between the listing and now: the next listing knows.
            raise TransientError(f"{error}: but the feed has just listed it") from None
        raise
    if (detail[KEY[0]], detail[KEY[1]]) != key:
        raise SchemaError(f"{path}: expected {' '.join(key)}, got {detail[KEY[0]]} {detail[KEY[1]]}")
    return detail
