"""The credit platform's partner feed of bank products: a paged list, a detail for each, and a token.

`GET /v1/products?limit=&page_token=&since=` -> `{"items": [{"institution_code", "product_id"}], "next_page_token",
"total", "cursor"}`; `GET /v1/products/{institution_code}/{product_id}` -> one product. `since` takes the `cursor` of an
earlier answer and leaves what carries a later time stamp: a change that did not move the stamp, and a withdrawal, show
in a full list only. An unknown cursor is answered with 410, and every error is `{"errors": [{"code", "title"}]}`.
"""

import base64
import datetime as dt
import re
from collections.abc import Iterator
from urllib.parse import unquote

from simulator.lending.dirt import ProductDirt, product_dirt
from simulator.lending.products import Criterion, Product, Products
from simulator.messages import Institution, Reply, Request, as_json

TOKEN = "simulated-partner-token"
"""The one token that is let in."""

_PATH = "/v1/products"
_MAX_LIMIT, _LIMIT = 50, 50
_CURSOR = re.compile(r"\d{4}-\d{2}-\d{2}T02:00:00\+08:00")
_UTC8 = dt.timezone(dt.timedelta(hours=8))


class ProductFeed(Institution):
    """融资信用服务平台: products.credit-platform.example. Knows the list faults empty, shrink, halve and bad-total."""

    hosts = ("products.credit-platform.example",)

    def __init__(self, products: Products) -> None:
        self.products = products

    def page(self, request: Request) -> int | None:
        if request.path.rstrip("/") != _PATH:
            return None
        limit = self._limit(request)
        return -(-(_offset(request.one("page_token")) or 0) // limit)

    def answer(self, request: Request) -> Reply:
        authorization = {name.lower(): value for name, value in request.headers.items()}.get("authorization", "")
        if authorization != f"Bearer {TOKEN}":
            title = "send the header `Authorization: Bearer <token>`" if not authorization else "unknown token"
            return _failed(401, "unauthorized", title)
        if request.path.rstrip("/") == _PATH:
            return self._list(request)
        return self._detail(request)

    def error(self, request: Request) -> Reply:
        return as_json({"errors": [{"code": "internal", "title": "temporarily unavailable"}], "path": request.path})

    def _limit(self, request: Request) -> int:
        return min(max(request.number("limit", _LIMIT), 1), _MAX_LIMIT)

    def _list(self, request: Request) -> Reply:
        start = _offset(request.one("page_token"))
        if start is None:
            return _failed(400, "bad_request", "unknown page_token")
        since = request.one("since")
        if since and not _CURSOR.fullmatch(since):
            return _failed(410, "cursor_unknown", "read everything again")
        products = [p for p in self.products.at(request.night) if stamp(p) > since]
        for kind, share in (("shrink", 0.7), ("halve", 0.5), ("empty", 0.0)):
            if kind in request.shapes:
                products = products[: int(len(products) * share)]
        stop = start + self._limit(request)
        return as_json(
            {
                "items": [
                    {"institution_code": product.bank.code, "product_id": product.product_no}
                    for product in products[start:stop]
                ],
                "next_page_token": _token(stop) if stop < len(products) else None,
                "total": len(products) + 7 * ("bad-total" in request.shapes),
                "cursor": dt.datetime.combine(request.night, dt.time(2), _UTC8).isoformat(),
            }
        )

    def _detail(self, request: Request) -> Reply:
        asked = [unquote(part) for part in request.path.removeprefix(_PATH).strip("/").split("/")]
        for product in self.products.at(request.night):
            if asked == [product.bank.code, product.product_no]:
                return as_json(record(product, self.products.seed))
        return _failed(404, "not_found", f"no product {'/'.join(asked)}")


def _failed(status: int, code: str, title: str) -> Reply:
    return as_json({"errors": [{"code": code, "title": title}]}, status)


def stamp(product: Product) -> str:
    """The feed's time stamp: some time of the working day before the night on which a change was first seen."""
    second = product.number * 37 % 32_400
    day = dt.datetime.combine(product.stamped - dt.timedelta(days=1), dt.time(9), _UTC8)
    return (day + dt.timedelta(seconds=second)).isoformat()


def record(product: Product, seed: int) -> dict[str, object]:
    """A product as the platform writes it, with the dirt that belongs to it."""
    dirt = product_dirt(product, seed)
    rate = 100 if dirt is ProductDirt.RATE else 10_000
    unit = 10_000 if product.in_wan and dirt is not ProductDirt.UNIT else 1
    return {
        "institution_code": product.bank.code,
        "product_id": product.product_no,
        "product_name": product.name,
        "category": product.category,
        "target": product.target,
        "limit_min": product.limit_min // unit,
        "limit_max": None if dirt is ProductDirt.MISSING else product.limit_max // unit,
        "limit_unit": "万元" if product.in_wan or dirt is ProductDirt.UNIT else "元",
        "rate_min": product.rate_min_bp / rate,
        "rate_max": product.rate_max_bp / rate,
        "rate_basis": product.rate_basis,
        "term_min_months": product.term_min,
        "term_max_months": product.term_max,
        "repay_method": product.repay_method,
        "guarantee_required": product.guarantee_required,
        "risk_share_bank": None if product.bank_share_percent is None else product.bank_share_percent / 100,
        "subsidy": product.subsidy,
        "regions": list(product.regions),
        "valid_from": str(product.valid_from),
        "valid_to": product.valid_to and str(product.valid_to),
        "status": product.status,
        "reviewed_on": str(product.reviewed_on),
        "criteria": list(_criteria(product, dirt is ProductDirt.FIELD)),
        "updated_at": stamp(product),
        "contact_name": product.contact,
        "contact_phone": product.phone,
    }


def _criteria(product: Product, unknown_field: bool) -> Iterator[dict[str, object]]:
    for criterion in (*product.criteria, UNKNOWN_FIELD) if unknown_field else product.criteria:
        yield {
            "subject": criterion.subject,
            "field": criterion.field,
            "op": criterion.op,
            "value": criterion.value,
            "unit": criterion.unit,
            "hard": criterion.is_hard,
            "weight": criterion.weight,
            "text_zh": criterion.text,
        }


UNKNOWN_FIELD = Criterion("company", "feng_shui_score", "≥", "60", "分", False, 0.1, "办公场所评分不低于60分")
"""A criterion on a field that no table has."""


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"offset:{offset}".encode()).decode().rstrip("=")


def _offset(token: str) -> int | None:
    """Where the page begins that a token means; None for a token that was never given."""
    if not token:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().partition(":")
        return int(number) if word == "offset" else None
    except ValueError:
        return None
