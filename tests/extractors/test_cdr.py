"""The Consumer Data Right: holders that misbehave. Its real dates are looked at in tests/real."""

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pyarrow.parquet as pq
import pytest
from scripted import Answer, Asked, Server, as_json

from extractors.core.archive import Archive, Outcome
from extractors.core.changes import ChangeLog
from extractors.core.fetch import Access, fetch
from extractors.core.http import Client
from extractors.core.spec import SourceSpec, all_specs
from extractors.sources.cdr import extractor

BEFORE, TONIGHT = date(2024, 4, 14), date(2024, 4, 15)
REGISTER = "/api.cdr.gov.au/cdr-register/v1/banking/data-holders/brands/summary"


@dataclass
class Installation:
    """Archive and change log of one installation."""

    folder: Path
    clock: Any

    @property
    def spec(self) -> SourceSpec:
        """The source's spec; scripted banks may have fewer products than the real ones."""
        spec = all_specs()["cdr"]
        product = spec.resources["product"]
        product = product.model_copy(update={"rows": product.rows.model_copy(update={"min": 0})})
        return spec.model_copy(update={"resources": spec.resources | {"product": product}})

    @property
    def archive(self) -> Archive:
        return Archive(self.folder / "raw")

    def fetch(self, address: str, night: date, name: str = "product", **options: Any) -> Outcome:
        """One attempt, answered by a box at `address`."""
        access = Access(
            self.clock,
            "fsdb/test",
            lambda spec: f"{address}/{urlsplit(spec.address).netloc}",
            paced=False,
            timeout=20.0,
        )
        return fetch(self.spec, name, self.archive, night, access, **options)

    def records(self, night: date, name: str = "product") -> list[dict[str, Any]]:
        attempt = self.archive.last("cdr", name, night)
        assert attempt
        return pq.read_table(attempt.records()).to_pylist()

    def changes(self, until: date) -> dict[date, tuple[int, int, int]]:
        """(added, changed, removed) of every night up to `until`."""
        spec = self.spec
        log = ChangeLog(
            self.folder / "changes", self.archive, "cdr", "product", spec.resources["product"], spec.address
        )
        return {n.basis.run_date: (n.basis.added, n.basis.changed, n.basis.removed) for n in log.update(until)}


# -- holders that misbehave ------------------------------------------------------------------------------------------


class Holders:
    """A box with a register and some holders, whose products a test sets: `{host: {productId: detail}}`."""

    def __init__(self, server: Server) -> None:
        self.products: dict[str, dict[str, dict[str, Any]]] = {}
        self.instead: dict[str, Answer] = {}
        self.total: int | None = None
        self.next: str | None = None
        self.more: list[dict[str, Any]] = []
        self.address = server.address
        server.answer_to = self.answer

    def answer(self, asked: Asked) -> Answer:
        if asked.path == REGISTER:
            named = [
                {"dataHolderBrandId": host, "brandName": host, "publicBaseUri": f"{self.address}/{host}/base/"}
                for host in self.products
            ] + self.more
            return as_json({"data": named})
        host, path = asked.path[1:].split("/", 1)
        assert asked.headers["x-v"] == "5"
        assert asked.headers["x-min-v"] == "1"
        if instead := self.instead.get(host) or self.instead.get(f"{host}/{path}"):
            return instead
        products = self.products[host]
        assert path.startswith("base/cds-au/v1/banking/products")
        if path.endswith("/products"):
            listed = [{"productId": name, "name": name, "productCategory": "LEASES"} for name in products]
            links = {"next": self.next} if self.next else {}
            total = len(products) if self.total is None else self.total
            return as_json({"data": {"products": listed}, "links": links, "meta": {"totalRecords": total}})
        name = unquote(path.rpartition("/")[2])
        detail = {"productId": name, "name": name, "productCategory": "LEASES", "lastUpdated": "2024-01-01"}
        return as_json({"data": detail | products[name]})


@pytest.fixture
def holders(server: Server) -> Holders:
    """Two banks with 40 products each."""
    found = Holders(server)
    found.products = {host: {f"p{at}": {} for at in range(40)} for host in ("a.bank.example", "b.bank.example")}
    return found


@pytest.fixture
def bank(holders: Holders, tmp_path: Path, clock: Any) -> Installation:
    """An installation that read both banks whole, the night before."""
    used = Installation(tmp_path, clock)
    outcome = used.fetch(holders.address, BEFORE)
    assert (outcome.status, outcome.records, sorted(outcome.parts)) == ("complete", 80, list(holders.products))
    return used


def test_a_holder_that_is_down_withdraws_nothing(holders: Holders, bank: Installation) -> None:
    """Its part is broken, the other's news count."""
    holders.instead["a.bank.example"] = Answer(b"down", 503)
    holders.products["b.bank.example"]["new"] = {}
    outcome = bank.fetch(holders.address, TONIGHT)
    assert (outcome.status, sorted(outcome.parts), list(outcome.broken)) == (
        "partial",
        ["b.bank.example"],
        ["a.bank.example"],
    )
    assert 'answered 503: "down"' in outcome.broken["a.bank.example"]
    assert bank.changes(TONIGHT)[TONIGHT] == (1, 0, 0)


def test_an_error_with_status_200_is_an_error(holders: Holders, bank: Installation) -> None:
    """It is neither an empty list nor asked again."""
    holders.instead["a.bank.example"] = as_json({"errors": [{"code": "invalid_request", "title": "grant_type"}]})
    outcome = bank.fetch(holders.address, TONIGHT)
    assert "answered 200 and an error" in outcome.broken["a.bank.example"]
    assert "grant_type" in outcome.broken["a.bank.example"]
    assert outcome.retries == []
    assert bank.changes(TONIGHT)[TONIGHT] == (0, 0, 0)


def test_ids_with_blanks_and_slashes_are_asked_for_as_they_are(holders: Holders, bank: Installation) -> None:
    """Percent-encoded on the way, to the letter in the record."""
    name = "Home Loan 50% a/b"
    holders.products["a.bank.example"][name] = {"description": "said by the detail"}
    bank.fetch(holders.address, TONIGHT)
    (row,) = [row for row in bank.records(TONIGHT) if row["productId"] == name]
    assert row["description"] == "said by the detail"
    payloads = pq.read_table(bank.archive.last("cdr", "product", TONIGHT).folder / "payloads.parquet")  # type: ignore[union-attr]
    assert f"https://a.bank.example/base/cds-au/v1/banking/products/{quote(name, safe='')}" in (
        payloads["url"].to_pylist()
    )


def test_content_that_changes_without_a_new_time_stamp_is_a_change(holders: Holders, bank: Installation) -> None:
    """Of the product of this brand only: the same id under another brand is another product."""
    holders.products["a.bank.example"]["p1"] = {"description": "new terms"}
    bank.fetch(holders.address, TONIGHT)
    assert bank.changes(TONIGHT)[TONIGHT] == (0, 1, 0)


def test_a_catalogue_that_shrinks_by_half_is_not_believed(holders: Holders, bank: Installation) -> None:
    """Unless a person says so; an empty list from a bank that had products is not believed either."""
    holders.products["a.bank.example"] = {f"p{at}": {} for at in range(20)}
    holders.products["b.bank.example"] = {}
    outcome = bank.fetch(holders.address, TONIGHT)
    assert outcome.broken == {
        "a.bank.example": "20 records, 40 on 2024-04-14: a loss of more than 30% is not believed",
        "b.bank.example": "0 records, 40 on 2024-04-14: a loss of more than 30% is not believed",
    }
    assert outcome.status == "partial"
    assert bank.changes(TONIGHT).get(TONIGHT, (0, 0, 0)) == (0, 0, 0)
    assert bank.fetch(holders.address, TONIGHT, accept_volume=True).status == "complete"
    assert bank.changes(TONIGHT)[TONIGHT] == (0, 0, 60)


def test_a_register_that_loses_its_brands_is_not_believed(holders: Holders, bank: Installation) -> None:
    """Half the brands at once are a broken register, no withdrawal."""
    del holders.products["a.bank.example"]
    holders.products["b.bank.example"] |= {f"q{at}": {} for at in range(40)}
    outcome = bank.fetch(holders.address, TONIGHT)
    assert "which names 1 parts where 2 had records before" in outcome.broken["a.bank.example"]
    assert bank.changes(TONIGHT)[TONIGHT] == (40, 0, 0)


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        ({"total": 41}, "the list declares 41 products, 40 came"),
        ({"next": "https://evil.example/cds-au/v1/banking/products?page=2"}, "not followed"),
        ({"next": "http://a.bank.example/base/cds-au/v1/banking/products?page=2"}, "not followed"),
        ({"next": "https://a.bank.example/base/cds-au/v1/banking/products?page=2"}, "the list has no end"),
    ],
    ids=["total", "another host", "not https", "endless"],
)
def test_a_list_that_does_not_add_up_is_broken(
    instead: dict[str, Any], said: str, holders: Holders, bank: Installation
) -> None:
    """A wrong total, a next page elsewhere or without end: the part is broken, and the message says why."""
    for name, value in instead.items():
        setattr(holders, name, value)
    outcome = bank.fetch(holders.address, TONIGHT)
    assert said in outcome.broken["a.bank.example"]
    assert outcome.parts == {}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"meta": {"totalRecords": None}}, "expected a number at 'meta.totalRecords' of the answer, got None"),
        ({"meta": {"totalRecords": "n/a"}}, "expected a number at 'meta.totalRecords' of the answer, got 'n/a'"),
        ({"meta": []}, "expected dict at 'meta' of the answer, got []"),
        ({"links": "none"}, "expected dict at 'links' of the answer, got 'none'"),
    ],
)
def test_an_answer_of_another_shape_is_broken_alone(
    more: dict[str, Any], said: str, holders: Holders, bank: Installation
) -> None:
    """One holder's odd answer loses no other's."""
    holders.instead["a.bank.example"] = as_json({"data": {"products": []}} | more)
    outcome = bank.fetch(holders.address, TONIGHT)
    url = "https://a.bank.example/base/cds-au/v1/banking/products?page-size=1000"
    assert outcome.broken["a.bank.example"] == f"a.bank.example: {url}: {said}"
    assert list(outcome.parts) == ["b.bank.example"]


def test_a_fault_of_ours_over_one_holder_is_broken_alone(
    holders: Holders, bank: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever nobody thought of."""
    read = extractor._read

    def odd(holder: Client) -> Any:
        if "a.bank" in holder.base:
            raise ZeroDivisionError("odd")
        return read(holder)

    monkeypatch.setattr(extractor, "_read", odd)
    outcome = bank.fetch(holders.address, TONIGHT)
    assert outcome.broken == {
        "a.bank.example": "a.bank.example: a fault of ours, not of the source: ZeroDivisionError: odd"
    }
    assert list(outcome.parts) == ["b.bank.example"]


def test_a_brand_without_an_address_is_broken_alone(holders: Holders, bank: Installation) -> None:
    """The register's other brands are read; the brand itself stays in the list of brands."""
    holders.more = [{"dataHolderBrandId": "c", "brandName": "C Bank"}]
    outcome = bank.fetch(holders.address, TONIGHT)
    assert outcome.broken == {"c": "C Bank: expected the address of its products at 'publicBaseUri', got none"}
    assert list(outcome.parts) == ["a.bank.example", "b.bank.example"]
    bank.fetch(holders.address, TONIGHT, "brand")
    assert [row["base_uri"] is None for row in bank.records(TONIGHT, "brand")] == [False, False, True]


def test_a_holder_that_falls_silent_over_its_details_is_down(holders: Holders, bank: Installation) -> None:
    """One detail without an answer is a warning, many are an outage: nothing of the list is taken for the whole."""
    for at in range(4):
        path = f"a.bank.example/base/cds-au/v1/banking/products/p{at}"
        holders.instead[path] = Answer(b"", 503)
    outcome = bank.fetch(holders.address, TONIGHT)
    assert "answered 503" in outcome.broken["a.bank.example"]
    del holders.instead["a.bank.example/base/cds-au/v1/banking/products/p3"]
    outcome = bank.fetch(holders.address, TONIGHT)
    assert outcome.status == "complete"
    assert "3 products without detail" in outcome.warnings[0]


def test_two_readings_make_the_same_archive(holders: Holders, bank: Installation) -> None:
    """Holders are read side by side, but what they said is kept in the order of the register."""
    shutil.rmtree(bank.archive.root)
    bank.fetch(holders.address, BEFORE)
    bank.fetch(holders.address, BEFORE)
    folders = [attempt.folder for attempt in bank.archive.attempts("cdr", "product", BEFORE)]
    tables = [pq.read_table(folder / "payloads.parquet")["url"].to_pylist() for folder in folders]
    assert tables[0] == tables[1]
    assert len(tables[0]) == 1 + 2 * 41
