"""Dirt by kind: what is injected at which rate, and what should become of it."""

from enum import StrEnum
from typing import NamedTuple

from simulator.lending.banks import draw
from simulator.lending.products import Product


class Fate(StrEnum):
    """What should become of a row or a file with dirt in it."""

    REPAIRED = "repaired"  # loaded with the value that was meant
    QUARANTINED = "quarantined"  # withheld, with a rule
    FLAGGED = "flagged"  # loaded, and marked
    REJECTED = "rejected"  # the whole file is refused
    NOTHING = "nothing"  # loaded as if it were clean


class Kind(NamedTuple):
    """A kind of dirt: rows in 1,000 that get it where it can occur, its fate, and the rule that a quarantine names."""

    name: str
    per_mille: int
    fate: Fate
    rule: str | None
    note: str


class ProductDirt(StrEnum):
    """Kinds of dirt in the product feed."""

    UNIT = "limit_unit_slip"
    RATE = "rate_above_1"
    FIELD = "criterion_unknown_field"
    MISSING = "product_missing_limit"


_PRODUCT_PER_MILLE = 20


def product_dirt(product: Product, seed: int) -> ProductDirt | None:
    """The dirt in a product, the same in all its versions; the first four products have one kind each for certain."""
    kinds = tuple(ProductDirt)
    if product.number < len(kinds):
        return kinds[product.number]
    place = draw(seed, product.number, 301, 1000)[0] // _PRODUCT_PER_MILLE
    return kinds[place] if place < len(kinds) else None
