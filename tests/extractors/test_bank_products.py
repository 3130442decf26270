"""The partner feed of banks' products: tokens, cursors, full readings in between, and what is not believed."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pydantic import SecretStr
from scripted import Answer, Asked, Server, as_json

from extractors.core.archive import Archive, Outcome
from extractors.core.changes import ChangeLog
from extractors.core.deltas import standing
from extractors.core.fetch import Access, fetch
from extractors.core.spec import all_specs

FIRST = date(2026, 7, 13)
TOKEN = "t0p-s3cret-token"
DENIED = as_json({"errors": [{"code": "invalid_token", "title": f"bad token {TOKEN}"}]}, status=401)
Key = tuple[str, str]


class Feed:
    """A feed as its contract says, with a clock of its own: `set` changes a product, `at` counts the changes."""

    def __init__(self, server: Server, folder: Path, clock: Any) -> None:
        self.server, self.address, self.clock = server, server.address, clock
        self.archive, self.log = Archive(folder / "raw"), folder / "changes"
        self.products: dict[Key, tuple[int, dict[str, Any]]] = {}
        self.at = 0
        self.limit = 3
        self.good_for: int | None = None
        self.instead: Callable[[Asked], Answer | None] = lambda _: None
        server.answer_to = self.answer

    def set(self, *names: str, **more: Any) -> None:
        """Add or change products, all at one moment."""
        self.at += 1
        for name in names:
            told = {"product_name": f"科技贷{name}", "category": "贷款", "target": "企业", "limit_max": 500,
                    "limit_unit": "万元", "status": "published", "updated_at": "2026-01-01"}  # fmt: skip
            key = ("B0001H111000001", name)
            self.products[key] = self.at, dict(zip(("institution_code", "product_id"), key, strict=True)) | told | more

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
            return DENIED
        if self.good_for is not None:
            self.good_for -= 1
            if self.good_for < 0:
                return DENIED
        if instead := self.instead(asked):
            return instead
        parts = asked.path.split("/")[3:]
        if parts:
            return as_json(self.products[parts[0], parts[1]][1])
        since = int(asked.query.get("since", "0"))
        found = [key for key, (changed, _) in self.products.items() if changed > since]
        start = int(asked.query.get("page_token", "0"))
        keys = ("institution_code", "product_id")
        items = [dict(zip(keys, key, strict=True)) for key in found[start : start + self.limit]]
        following = str(start + self.limit) if start + self.limit < len(found) else None
        return as_json({"items": items, "next_page_token": following, "total": len(found), "cursor": str(self.at)})

    def fetch(self, night: int, token: str | None = TOKEN, **options: Any) -> Outcome:
        """One attempt at the night so many days after the first."""
        access = Access(
            self.clock,
            "fsdb/test",
            lambda _: self.address,
            paced=False,
            timeout=5.0,
            token=lambda _: SecretStr(token) if token else None,
        )
        run_date = FIRST + timedelta(night)
        return fetch(all_specs()["bank_products"], "product", self.archive, run_date, access, **options)

    def changes(self) -> list[tuple[int, int, int]]:
        """(added, changed, removed) of every night so far; what stands is what they add up to."""
        spec = all_specs()["bank_products"]
        resource = spec.resources["product"]
        log = ChangeLog(self.log, self.archive, "bank_products", "product", resource, spec.address)
        nights = [night.basis for night in log.update(FIRST + timedelta(100))]
        found = standing(self.archive, "bank_products", "product", resource, FIRST + timedelta(100))
        assert sum(found.values()) == sum(basis.added - basis.removed for basis in nights)
        return [(basis.added, basis.changed, basis.removed) for basis in nights]

    def listings(self) -> list[str | None]:
        """`since` of every listing that was asked for, once for all its pages."""
        asked = [asked for asked in self.server.asked if asked.path == "/v1/products"]
        return [one.query.get("since") for one in asked if "page_token" not in one.query]


@pytest.fixture
def feed(server: Server, tmp_path: Path, clock: Any) -> Feed:
    """A feed of ten products, read whole on the first night."""
    found = Feed(server, tmp_path, clock)
    found.set(*(f"p{at}" for at in range(10)))
    outcome = found.fetch(0)
    assert (outcome.status, outcome.declared_total, outcome.records) == ("complete", 10, 10)
    assert (outcome.whole, outcome.cursor) == (True, "1")
    return found


# -- nights ----------------------------------------------------------------------------------------------------------


def test_a_night_reads_only_what_changed_and_removes_nothing(feed: Feed) -> None:
    """The rest stands; a night without changes is unchanged."""
    feed.set("p3", limit_max=800)
    feed.set("new")
    outcome = feed.fetch(1)
    assert (outcome.status, outcome.whole, outcome.records, outcome.cursor) == ("complete", False, 2, "3")
    outcome = feed.fetch(2)
    assert (outcome.status, outcome.whole, outcome.records, outcome.cursor) == ("unchanged", False, 0, "3")
    assert feed.listings() == [None, "1", "3"]
    assert feed.changes() == [(10, 0, 0), (1, 1, 0), (0, 0, 0)]


def test_only_content_makes_a_change(feed: Feed) -> None:
    """What is listed again and says the same changes nothing; a new content under the old time stamp does."""
    feed.set("p1")
    feed.set("p2", limit_max=1)
    assert feed.fetch(1).records == 2
    assert feed.changes()[1] == (0, 1, 0)


def test_a_second_attempt_of_a_night_says_all_that_the_first_said(feed: Feed) -> None:
    """It begins where the night before ended, for it alone speaks for the night."""
    feed.set("new")
    feed.fetch(1)
    feed.set("newer")
    assert feed.fetch(1).records == 2
    assert feed.changes() == [(10, 0, 0), (2, 0, 0)]


def test_everything_is_read_after_a_week_and_what_is_gone_is_removed(feed: Feed) -> None:
    """A lost change and a withdrawn product are noticed then; a small loss is believed."""
    del feed.products["B0001H111000001", "p9"]
    changed, told = feed.products["B0001H111000001", "p1"]
    feed.products["B0001H111000001", "p1"] = changed, told | {"limit_max": 9}
    assert feed.fetch(6).whole is False
    outcome = feed.fetch(7)
    assert (outcome.status, outcome.whole, outcome.records) == ("complete", True, 9)
    assert feed.changes() == [(10, 0, 0), (0, 0, 0), (0, 1, 1)]


def test_a_cursor_that_the_feed_forgot_means_reading_everything(feed: Feed) -> None:
    """410 Gone is no failure."""
    feed.instead = lambda asked: Answer(b"{}", 410) if "since" in asked.query else None
    feed.set("new")
    outcome = feed.fetch(1)
    assert (outcome.status, outcome.whole, outcome.records) == ("complete", True, 11)


def test_a_catalogue_that_shrinks_by_half_is_not_believed(feed: Feed) -> None:
    """It is compared with what stands now, not with the few records of last night; a person may say it is right."""
    feed.set("a", "b")
    feed.fetch(1)
    for at in range(6):
        del feed.products["B0001H111000001", f"p{at}"]
    outcome = feed.fetch(8)
    assert outcome.broken == {"": "6 records, 12 on 2026-07-14: a loss of more than 20% is not believed"}
    assert feed.changes() == [(10, 0, 0), (2, 0, 0)]
    assert feed.fetch(8, accept_volume=True).status == "complete"
    assert feed.changes()[2] == (0, 0, 6)


@pytest.mark.parametrize(("night", "came"), [(1, 1200), (8, 1210)])
def test_a_catalogue_that_grows_beyond_belief_waits_for_an_operator(night: int, came: int, feed: Feed) -> None:
    """Whether all that is new comes or everything."""
    feed.limit = 1000
    feed.set(*(f"n{at}" for at in range(1200)))
    outcome = feed.fetch(night)
    assert outcome.broken == {"": f"{came} records, 10 on 2026-07-13: more than 20 times as many is not believed"}
    assert "--accept-volume" in str(outcome.next)
    assert feed.changes() == [(10, 0, 0)]
    assert feed.fetch(night, accept_volume=True).status == "complete"
    assert feed.changes()[1] == (1200, 0, 0)


def test_persons_in_details_and_criteria_are_blanked(feed: Feed) -> None:
    """Contacts stand at any depth; criteria come through."""
    feed.set("p1", contact_name="张三", criteria=[{"field": "age", "contact_phone": "13800000000"}])
    feed.fetch(1)
    attempt = feed.archive.last("bank_products", "product", FIRST + timedelta(1))
    assert attempt
    (record,) = pq.read_table(attempt.records()).to_pylist()
    assert record["criteria"] == '[{"field":"age","contact_phone":null}]'
    kept = str(pq.read_table(attempt.folder / "payloads.parquet").to_pylist())
    assert "13800000000" not in kept
    assert "张三" not in kept


# -- tokens ----------------------------------------------------------------------------------------------------------


def test_without_a_token_nothing_is_asked_and_the_message_says_what_to_set(feed: Feed) -> None:
    """A failed attempt, archived like any other."""
    asked = len(feed.server.asked)
    outcome = feed.fetch(1, token=None)
    assert outcome.status == "failed"
    assert "set FSDB_TOKEN_BANK_PRODUCTS, or in Airflow the connection fsdb_bank_products" in str(outcome.message)
    assert len(feed.server.asked) == asked
    assert not outcome.retriable


@pytest.mark.parametrize(("good_for", "status", "fetched"), [(2, "failed", 0), (6, "partial", 2)])
def test_a_token_that_expires_while_we_read_removes_nothing(
    good_for: int, status: str, fetched: int, feed: Feed
) -> None:
    """In the middle of the listing or of the details: one 401, no second try, all rows stand, the cursor too."""
    feed.good_for, asked = good_for, len(feed.server.asked)
    outcome = feed.fetch(8)
    assert (outcome.status, outcome.fetched, outcome.parts, outcome.retriable) == (status, fetched, {}, False)
    assert f"the token was good for {good_for} answers and expired while we read" in str(outcome.message)
    assert len(feed.server.asked) == asked + good_for + 1
    feed.good_for = None
    assert feed.changes() == [(10, 0, 0)]


def test_a_wrong_token_is_refused_and_nobody_reads_it(feed: Feed) -> None:
    """Neither message nor archive repeat a token, even where the feed itself does."""
    feed.good_for = 0
    outcome = feed.fetch(1)
    assert 'answered 401: "{"errors": [{"code": "invalid_token", "title": "bad token ***"}]}"' in str(outcome.message)
    assert "give a new one" in str(outcome.message)
    for path in feed.archive.root.rglob("*.*"):
        text = str(pq.read_table(path).to_pylist()) if path.suffix == ".parquet" else path.read_text()
        assert TOKEN not in text


# -- listings that do not add up -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({"total": 11}, "the listing declares 11 products, 10 came"),
        ({"next_page_token": "0"}, "the listing has no end"),
        ({"errors": [{"code": "busy"}]}, "answered 200 and an error"),
    ],
    ids=["total", "endless", "error with 200"],
)
def test_a_listing_that_does_not_add_up_counts_for_nothing(spoilt: dict[str, Any], said: str, feed: Feed) -> None:
    """Total, end and errors are checked; nothing changes."""

    def instead(asked: Asked) -> Answer | None:
        if asked.path != "/v1/products":
            return None
        keys = ("institution_code", "product_id")
        items = [dict(zip(keys, key, strict=True)) for key in feed.products]
        return as_json({"items": items, "next_page_token": None, "total": 10, "cursor": "1"} | spoilt)

    feed.instead = instead
    outcome = feed.fetch(8)
    assert said in str(outcome.message)
    assert outcome.parts == {}
    assert feed.changes() == [(10, 0, 0)]


@pytest.mark.parametrize(
    ("pages", "asked", "said"),
    [(["p0"], 11, "the listing declares 10 products, 11 or more came"), ([], 1, "got 't1' with an empty page")],
    ids=["products", "nothing"],
)
def test_a_listing_that_goes_on_and_on_is_left(pages: list[str], asked: int, said: str, feed: Feed) -> None:
    """Each page has a new token, so only the number that was declared says when to stop."""
    before = len(feed.server.asked)

    def endless(_: Asked) -> Answer:
        token = f"t{len(feed.server.asked) - before}"
        items = [{"institution_code": "B0001H111000001", "product_id": name} for name in pages]
        return as_json({"items": items, "next_page_token": token, "total": 10, "cursor": "1"})

    feed.instead = endless
    assert said in str(feed.fetch(8).message)
    assert len(feed.server.asked) == before + asked


def test_a_listing_that_moves_while_it_is_read_is_read_another_time(feed: Feed) -> None:
    """Pages of two moments do not make a listing."""

    def moving(asked: Asked) -> Answer | None:
        if "page_token" in asked.query and "late" not in str(feed.products):
            feed.set("late")
        return None

    feed.instead = moving
    outcome = feed.fetch(8)
    assert "the listing changed while it was read" in str(outcome.message)
    assert outcome.retriable


def test_another_product_than_asked_for_is_refused(feed: Feed) -> None:
    """The detail must be the one of the key."""
    feed.products["B0001H111000001", "p1"][1]["product_id"] = "p2"
    assert "expected B0001H111000001 p1, got B0001H111000001 p2" in str(feed.fetch(8).message)


def test_a_field_that_vanishes_from_all_is_drift_and_from_one_is_a_bad_row(feed: Feed) -> None:
    """One row without its name is loaded and withheld later; a feed without names is not the feed we know."""
    del feed.products["B0001H111000001", "p1"][1]["product_name"]
    assert feed.fetch(8).status == "complete"
    for _, told in feed.products.values():
        told.pop("product_name", None)
    outcome = feed.fetch(16)
    assert "none of the 10 products has the field product_name" in str(outcome.message)
    assert outcome.parts == {}
