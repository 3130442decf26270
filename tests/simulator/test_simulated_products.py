"""The partner feed of bank products: pages, token, versions, and what faults do to it."""

import datetime as dt
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests

from simulator import Simulator
from simulator.lending.banks import KINDS, LISTS, Banks
from simulator.lending.dirt import ProductDirt, product_dirt
from simulator.lending.feed import TOKEN, record
from simulator.lending.products import Product, Products

HOST = "products.credit-platform.example"
BEGIN = dt.date(2026, 7, 1)


@pytest.fixture
def feed() -> Iterator[Simulator]:
    with Simulator(size=100, seed=5, night="2026-07-13", hold_seconds=0.2) as simulator:
        yield simulator


def get(feed: Simulator, path: str = "", token: str | None = TOKEN, **query: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.get(f"{feed.url}/{HOST}/v1/products{path}", params=query, headers=headers, timeout=5)


def read_all(feed: Simulator, **query: str) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """All items of a list, and the last page."""
    items: list[dict[str, str]] = []
    page = get(feed, **query).json()
    items += page["items"]
    while page["next_page_token"]:
        page = get(feed, page_token=page["next_page_token"], **query).json()
        items += page["items"]
    return items, page


def days(count: int) -> list[dt.date]:
    return [BEGIN + dt.timedelta(days=day) for day in range(count)]


def test_pages_hold_the_whole_catalogue_once(feed: Simulator) -> None:
    items, page = read_all(feed, limit="17")
    keys = [(item["institution_code"], item["product_id"]) for item in items]
    products = feed.lending.products.at(feed.night)
    assert keys == [(product.bank.code, product.product_no) for product in products]
    assert page["total"] == len(keys) == len(set(keys))


def test_a_detail_is_the_product(feed: Simulator) -> None:
    """Ids may hold a blank; the address then holds %20."""
    products = feed.lending.products.at(feed.night)
    blank = next(product for product in products if " " in product.product_no)
    for product in (products[5], blank):
        answer = get(feed, f"/{product.bank.code}/{quote(product.product_no)}")
        assert answer.json() == record(product, 5)
    assert get(feed, "/B7001H111000001/nothing").status_code == 404


@pytest.mark.parametrize("token", [None, "another"])
def test_without_the_token_nothing_is_told(feed: Simulator, token: str | None) -> None:
    answer = get(feed, token=token)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "unauthorized")


def test_an_expired_token_stops_in_the_middle_of_paging(feed: Simulator) -> None:
    feed.fault(f"{HOST}:expired")
    first = get(feed, limit="20")
    assert first.status_code == 200
    second = get(feed, limit="20", page_token=first.json()["next_page_token"])
    assert (second.status_code, second.json()["errors"][0]["code"]) == (401, "token_expired")
    feed.clear()
    assert get(feed, limit="20", page_token=first.json()["next_page_token"]).status_code == 200


def test_a_catalogue_shrinks_by_half_and_says_so_as_if_it_were_true(feed: Simulator) -> None:
    whole, _ = read_all(feed)
    feed.fault(f"{HOST}:halve")
    half, page = read_all(feed)
    assert half == whole[: len(whole) // 2]
    assert page["total"] == len(half)


def test_an_unknown_page_token_is_refused(feed: Simulator) -> None:
    assert get(feed, page_token="???").status_code == 400


def test_an_unknown_cursor_means_that_everything_is_to_be_read_again(feed: Simulator) -> None:
    assert get(feed, since="2026-07-14T18:00:00Z/83121").status_code == 410


def test_since_leaves_what_has_a_later_stamp(feed: Simulator) -> None:
    """A change that did not move the stamp, and a withdrawal, are not in the short list."""
    cursor = get(feed).json()["cursor"]
    before = {product.number: product for product in feed.lending.products.at(feed.night)}
    feed.night = "2026-07-20"
    after = feed.lending.products.at(feed.night)
    stamped = [p for p in after if p.number not in before or before[p.number].stamped != p.stamped]
    silent = [p for p in after if p.number in before and before[p.number] != p and p not in stamped]
    items, page = read_all(feed, since=cursor)
    assert [item["product_id"] for item in items] == [product.product_no for product in stamped]
    assert page["total"] == len(stamped) > 0
    assert silent


def test_a_night_of_products_does_not_depend_on_how_one_got_there() -> None:
    forwards = Products(Banks(3), BEGIN)
    seen = {night: forwards.at(night) for night in days(25)}
    backwards = Products(Banks(3), BEGIN)
    assert all(backwards.at(night) == seen[night] for night in reversed(days(25)))


def test_products_change_appear_and_are_withdrawn_for_good() -> None:
    products = Products(Banks(3), BEGIN)
    before: dict[int, Product] = {}
    gone: set[int] = set()
    added = changed = 0
    for night in days(30):
        after = {product.number: product for product in products.at(night)}
        assert not gone & after.keys()
        if before:
            gone |= before.keys() - after.keys()
            added += len(after.keys() - before.keys())
            changed += sum(before[key] != after[key] for key in before.keys() & after.keys())
        before = after
    assert gone
    assert added > 0
    assert changed > 50


def test_what_a_clean_product_says_keeps_the_rules() -> None:
    """Limits in order, rates a year from 0 to 24 %, terms from 1 to 360 months, at least one hard criterion."""
    for product in Products(Banks(3), BEGIN).at(days(60)[-1]):
        assert 0 < product.limit_min <= product.limit_max <= 10**9
        assert 100 < product.rate_min_bp <= product.rate_max_bp <= 2400
        assert 1 <= product.term_min <= product.term_max <= 360
        assert any(criterion.is_hard for criterion in product.criteria)


def test_each_kind_of_dirt_shows_in_its_product() -> None:
    signs = {
        ProductDirt.UNIT: lambda row: row["limit_max"] * 10_000 > 10**9,
        ProductDirt.RATE: lambda row: row["rate_min"] > 1,
        ProductDirt.FIELD: lambda row: any(c["field"] == "feng_shui_score" for c in row["criteria"]),
        ProductDirt.MISSING: lambda row: row["limit_max"] is None,
    }
    seen = set()
    for product in Products(Banks(3), BEGIN).at(BEGIN):
        dirt, row = product_dirt(product, 3), record(product, 3)
        seen.add(dirt)
        for kind, sign in signs.items():
            if dirt is kind:
                assert sign(row)
            elif dirt is None:
                assert row["limit_max"] * (10_000 if row["limit_unit"] == "万元" else 1) == product.limit_max
                assert row["rate_max"] < 1
    assert seen == {None, *ProductDirt}


def test_the_list_of_banks_has_the_real_numbers_of_each_type() -> None:
    """6 国有大型, 12 股份制, 19 民营 at the end of 2025; codes are NFRA's in form, each once."""
    banks = Banks(3).listed(LISTS.index(dt.date(2025, 12, 31)))
    count = {kind.raw: sum(bank.kind is kind for bank in banks) for kind in KINDS}
    assert (count["国有大型商业银行"], count["股份制商业银行"], count["民营银行"]) == (6, 12, 19)
    assert len({bank.code for bank in banks}) == len({bank.name for bank in banks}) == len(banks)


def test_every_branch_has_its_parent_in_the_same_list() -> None:
    banks = Banks(3)
    for bank in banks.partners:
        for quarter in (2025 * 4 + 3, 2026 * 4 + 1):
            offices = banks.branches_at(bank, quarter)
            codes = [office.code for office in offices]
            assert len(set(codes)) == len(codes)
            assert {office.parent_code for office in offices if office.parent_code} <= set(codes)
            assert all(office.region6[:4] == office.city.code for office in offices)
