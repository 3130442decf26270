"""Australian Consumer Data Right: the register of banks' brands, and what each brand's holder says of its products.

Every holder serves the same two requests under its own host (Consumer Data Standards, Banking APIs, Get Products and
Get Product Detail): a paged list, and the detail of each product. All need the header `x-v`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from extractors.core.apart import read_apart
from extractors.core.errors import RefusedError, SchemaError, SourceError, TransientError
from extractors.core.http import Client
from extractors.core.pages import Broken, Page, Record, Warn, Yielded, at

SUMMARY = "/cdr-register/v1/banking/data-holders/brands/summary"
OLD_REGISTER = "/cdr-register/v1/banking/register"
PRODUCTS = "/cds-au/v1/banking/products"
# The newest version we can read down to the oldest; a holder answers with the newest one it has.
VERSIONS = {"x-v": "5", "x-min-v": "1"}
PAGE_SIZE = 1000
# A holder that falls silent over more details than this is down: its part waits for a better night.
MOST_SILENCES = 3
# What no product can do without; a list in which none has it is not the list we know.
REQUIRED = ("productCategory", "name")
# The key of a product whose id is empty. More than one of them in a brand cannot be told apart.
NO_ID = "(blank)"
# No holder has so many pages: a list that goes on and on is no list.
MOST_PAGES = 100


def brand(client: Client) -> Iterator[Page]:
    """Yield the banking brands of the register that offer product data."""
    found = _brands(client)
    yield Page(found, declared_total=len(found))


def product(client: Client) -> Iterator[Yielded]:
    """Yield the products of every brand, one part a brand; a holder that cannot be read is `Broken`."""
    brands = []
    for named in _brands(client):
        if named["base_uri"]:
            brands.append(named)
        else:
            said = f"{named['brand_name']}: expected the address of its products at 'publicBaseUri', got none"
            yield Broken(str(named["brand_id"]), said)
    answers = read_apart(client, [brand["base_uri"] for brand in brands], lambda _, holder: _read(holder))
    for named, came in zip(brands, answers, strict=True):
        part = str(named["brand_id"])
        if isinstance(came, SourceError):
            yield Broken(part, f"{named['brand_name']}: {came}")
            continue
        for what, names in (("without detail, kept as listed", came.missing), ("without id, left out", came.nameless)):
            if names:
                yield Warn(f"{named['brand_name']}: {len(names)} products {what}: {'; '.join(names[:2])}")
        yield from came.pages(part)


@dataclass(slots=True)
class _Products:
    """What a holder says: records in the order of its list, each with the hash of the answer it came in."""

    records: list[tuple[Record, str]] = field(default_factory=list)
    declared: int = 0
    repeats: int = 0
    missing: list[str] = field(default_factory=list)
    nameless: list[str] = field(default_factory=list)
    silences: int = 0

    def pages(self, part: str) -> Iterator[Page]:
        """The records as the part `part`; a list without products is a part without records."""
        if not self.records:
            yield Page([], self.declared, partition=part)
        for record, payload in self.records:
            filled = dict.fromkeys(REQUIRED) | record | {"brand_id": part}
            yield Page([filled], self.declared, 0, part, payload, self.repeats)


def _brands(client: Client) -> list[Record]:
    """The register, newer form first; it alone says where the holders are."""
    try:
        summary = client.get_json(SUMMARY, headers={"x-v": "1"}, has=("data",))
    except RefusedError:
        if client.last is None or client.last.status != 404:
            raise
        return _old_brands(client.get_json(OLD_REGISTER, has=("registerDetails",)))
    return [
        {
            # Some brands have no lasting id yet.
            "brand_id": entry.get("dataHolderBrandId") or entry.get("interimId"),
            "brand_name": entry.get("brandName"),
            "abn": entry.get("abn"),
            "acn": entry.get("acn"),
            "industries": entry.get("industries"),
            "base_uri": str(entry.get("publicBaseUri") or "").strip() or None,
            "last_updated": entry.get("lastUpdated"),
        }
        for entry in _objects(summary, "data")
    ]


def _old_brands(register: Any) -> list[Record]:
    """Brands of the register as it was until 2022: below their legal entities, with the whole address of the list."""
    return [
        {
            "brand_id": entry.get("brandRef"),
            "brand_name": entry.get("brandName"),
            "holder_name": entity.get("legalEntityName"),
            "abn": entity.get("abn"),
            "industries": [industry] if (industry := entry.get("industry") or entity.get("industry")) else None,
            "base_uri": str(entry["productReferenceDataApi"]).strip().rstrip("/").removesuffix(PRODUCTS),
            "last_updated": entity.get("lastUpdated"),
        }
        for entity in _objects(register, "registerDetails")
        for entry in (_objects(entity, "brands") if entity.get("brands") else [])
        if entry.get("participantType") == "Data Holder" and entry.get("productReferenceDataApi")
    ]


def _objects(document: Any, path: str) -> list[Record]:
    found = at(document, path, list)
    for entry in found:
        if not isinstance(entry, dict):
            raise SchemaError(f"expected objects at {path!r}, got {entry!r:.80} among them")
    return found


def _read(holder: Client) -> _Products:
    """Everything a holder says of its products; raise `SourceError` where its list does not come whole."""
    came = _Products()
    read: dict[str, tuple[Record, str]] = {}
    for listed, payload in _list(holder, came):
        name = at(listed, "productId", str)
        if name in read:
            came.repeats += 1
            came.nameless += [] if name.strip() else [str(listed.get("name"))]
        elif name.strip():
            read[name] = _detail(holder, name, listed, payload, came)
        else:
            read[name] = listed | {"productId": NO_ID}, payload
        came.records.append(read[name])
    if len(came.records) != came.declared:
        raise SchemaError(f"the list declares {came.declared} products, {len(came.records)} came")
    for column in REQUIRED:
        if came.records and not any(column in record for record, _ in came.records):
            raise SchemaError(f"none of the {len(came.records)} products has the field {column!r}")
    return came


def _list(holder: Client, came: _Products) -> Iterator[tuple[Record, str]]:
    """The entries of all pages and the hash of the page each stands in."""
    path, params = PRODUCTS, {"page-size": PAGE_SIZE}
    seen: set[str] = set()
    while True:
        page = holder.get_json(path, params=params, headers=VERSIONS, has=("data",))
        payload = holder.last.sha256 if holder.last else ""
        entries = _objects(page, "data.products")
        # Some holders leave the total out of a list of one page, and some `meta` or `links` altogether.
        meta, links = ({} if page.get(name) is None else at(page, name, dict) for name in ("meta", "links"))
        came.declared = _whole(meta.get("totalRecords", len(entries) + len(came.records)))
        yield from ((entry, payload) for entry in entries)
        if not (following := links.get("next")):
            return
        path, params = holder.path_of(str(following)), {}
        if path in seen or len(seen) >= MOST_PAGES:
            raise SchemaError(f"page {path} comes again: the list has no end")
        seen.add(path)


def _whole(total: object) -> int:
    """A total, which some holders give as text."""
    if isinstance(total, bool) or not str(total).isdecimal():
        raise SchemaError(f"expected a number at 'meta.totalRecords' of the answer, got {total!r:.80}")
    return int(str(total))


def _detail(holder: Client, name: str, listed: Record, payload: str, came: _Products) -> tuple[Record, str]:
    """The detail of a product; where there is none, what the list says of it."""
    try:
        answer = holder.get_json(f"{PRODUCTS}/{quote(name, safe='')}", headers=VERSIONS, has=("data",))
        detail = at(answer, "data", dict)
        if str(detail.get("productId", "")).strip() != name.strip():
            raise SchemaError(f"expected the detail of {name!r}, got that of {detail.get('productId')!r:.80}")
        # The list's own spelling of the id is the key.
        return detail | {"productId": name}, holder.last.sha256 if holder.last else ""
    except SourceError as error:
        came.silences += isinstance(error, TransientError)
        if came.silences > MOST_SILENCES:
            raise
        came.missing.append(f"{name}: {error}")
        return listed, payload
