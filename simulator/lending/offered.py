"""Products as a nightly reader of the feed comes to know them: versions by night of sight, criteria, withdrawals.

The reader asks for what has a later stamp than its last cursor, and for everything when the last full reading is seven
nights old: so a silent change, and a withdrawal, are seen on the next full reading only.
"""

import datetime as dt
from typing import NamedTuple

from simulator.lending.delivered import Delivered
from simulator.lending.dirt import PRODUCT_FATES, Injection, ProductDirt, product_dirt
from simulator.lending.feed import UNKNOWN_FIELD, record, stamp
from simulator.lending.products import Criterion, Product

RECONCILE_NIGHTS = 7
Rows = list[dict[str, object]]


class Seen(NamedTuple):
    """A version of a product as the reader knows it; `to` None: as far as it knows it still stands.

    The last version of a product that is gone is one of its own, and says what the one before said.
    """

    product: Product
    version: int
    since: dt.date
    to: dt.date | None
    is_gone: bool

    @property
    def is_current(self) -> bool:
        """Whether the product is offered in this version, as far as the reader knows."""
        return self.to is None and not self.is_gone


def seen(delivered: Delivered) -> list[Seen]:
    """All versions that a reader has seen on the nights from the opening on, by product and version."""
    products, seed = delivered.lending.products, delivered.lending.world.seed
    known: dict[int, list[Seen]] = {}
    whole_on: dt.date | None = None
    cursor = ""

    def turn(product: Product, night: dt.date, is_gone: bool) -> None:
        versions = known.setdefault(product.number, [])
        if versions:
            versions[-1] = versions[-1]._replace(to=night)
        versions.append(Seen(product, len(versions) + 1, night, None, is_gone))

    for night in delivered.schedule.nights(delivered.night):
        offered = {product.number: product for product in products.at(night)}
        is_whole = whole_on is None or (night - whole_on).days >= RECONCILE_NIGHTS
        for number, product in offered.items():
            if is_whole or stamp(product) > cursor:
                last = known[number][-1].product if number in known else None
                if last is None or _content(last, seed) != _content(product, seed):
                    turn(product, night, False)
        if is_whole:
            whole_on = night
            for number, versions in known.items():
                if number not in offered and not versions[-1].is_gone:
                    turn(versions[-1].product, night, True)
        cursor = f"{night}T02:00:00+08:00"
    return [version for number in sorted(known) for version in known[number]]


def _content(product: Product, seed: int) -> dict[str, object]:
    """What is published of a product: neither its stamp nor persons."""
    return {name: value for name, value in record(product, seed).items() if name not in _NOT_PUBLISHED}


_NOT_PUBLISHED = {"updated_at", "contact_name", "contact_phone"}


def _good(delivered: Delivered) -> list[tuple[Seen, ProductDirt | None]]:
    """The versions that are not withheld; a rate that was meant as percent withholds nothing."""
    seed = delivered.lending.world.seed
    told = [(version, product_dirt(version.product, seed)) for version in seen(delivered)]
    return [(version, dirt) for version, dirt in told if dirt in (None, ProductDirt.RATE)]


def product_id(product: Product) -> str:
    """`CN:<institution code>:<number of the product>`."""
    return f"CN:{product.bank.code}:{product.product_no}"


def offered_products(delivered: Delivered) -> Rows:
    """One row a version; a rate that was meant as percent is flagged and not read."""
    rows: Rows = []
    for version, dirt in _good(delivered):
        product, slip = version.product, dirt is ProductDirt.RATE
        share = product.bank_share_percent
        rows.append(
            {
                "product_id": product_id(product),
                "version": version.version,
                "jurisdiction": "CN",
                "institution_id": f"CN:{product.bank.code}",
                "product_no": product.product_no,
                "product_name": product.name,
                "category": product.category,
                "target": product.target,
                "currency": "CNY",
                "limit_min_amount": product.limit_min,
                "limit_max_amount": product.limit_max,
                "rate_min": None if slip else product.rate_min_bp / 10_000,
                "rate_max": None if slip else product.rate_max_bp / 10_000,
                "rate_basis": product.rate_basis,
                "rate_flag": "percent_slip" if slip else None,
                "term_min_months": product.term_min,
                "term_max_months": product.term_max,
                "repay_method": product.repay_method,
                "is_guarantee_required": product.guarantee_required,
                "risk_share_bank_ratio": None if share is None else share / 100,
                "has_subsidy": product.subsidy,
                "regions": list(product.regions),
                "valid_from": version.since,
                "valid_to": version.to,
                "stated_from": product.valid_from,
                "stated_to": product.valid_to,
                "status": "withdrawn" if version.is_gone else product.status,
                "reviewed_on": product.reviewed_on,
                "is_current": version.is_current,
            }
        )
    return rows


def offered_criteria(delivered: Delivered) -> Rows:
    """One row a criterion of a version that is offered."""
    return [
        {
            "product_id": product_id(version.product),
            "version": version.version,
            "seq": seq,
            "subject": criterion.subject,
            "field": criterion.field,
            "op": criterion.op,
            "value": criterion.value,
            "unit": criterion.unit,
            "is_hard": criterion.is_hard,
            "weight": criterion.weight,
            "text": criterion.text,
            "is_current": version.is_current,
        }
        for version, _ in _good(delivered)
        if not version.is_gone
        for seq, criterion in enumerate(version.product.criteria, 1)
    ]


def product_injections(delivered: Delivered) -> list[Injection]:
    """The dirt in the feed, once a version that was read."""
    found = []
    for version in seen(delivered):
        product = version.product
        kind = product_dirt(product, delivered.lending.world.seed)
        if kind is None or version.is_gone:
            continue
        fate, rule, column = PRODUCT_FATES[kind]
        written, meant = _words(kind, product)
        place = ("bank_products", "product", product.bank.code, "", None, str(version.since))
        found.append(
            Injection(
                kind.value, *place, f"{product.bank.code} {product.product_no}", column, written, meant, fate, rule
            )
        )
    return found


def _words(kind: ProductDirt, product: Product) -> tuple[str | None, str | None]:
    """What the feed says and what was meant."""
    match kind:
        case ProductDirt.UNIT:
            return f"{product.limit_max} 万元", f"{product.limit_max} 元"
        case ProductDirt.RATE:
            return str(product.rate_min_bp / 100), str(product.rate_min_bp / 10_000)
        case ProductDirt.FIELD:
            return _field(UNKNOWN_FIELD), None
    return None, str(product.limit_max)


def _field(criterion: Criterion) -> str:
    return f"{criterion.subject}.{criterion.field}"
