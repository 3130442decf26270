"""The simulated economy: the same every time, moving only as the review rules allow."""

import csv
import datetime as dt
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from simulator import World
from simulator.companies import Companies
from simulator.exchanges.sse import TITLES
from simulator.statuses import EXCHANGES, STATUSES, STEPS
from simulator.vocabulary import ACCOUNTANTS, BRAND_FIRST, BRAND_LAST, LAW_FIRMS, PLACES, SPONSORS, SURNAMES, TRADES
from simulator.world import BSE, DAY, TITLE_SHARES, Projects

BEGIN = dt.date(2026, 7, 1)
SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds" / "reference"


def nights(count: int) -> list[dt.date]:
    return [BEGIN + dt.timedelta(days=day) for day in range(count)]


def keys(projects: Projects) -> list[tuple[int, int]]:
    return list(zip(projects["exchange"].tolist(), projects["number"].tolist(), strict=True))


def test_a_night_does_not_depend_on_how_one_got_there() -> None:
    """Forwards, backwards, or at one leap: the same seed gives the same bytes."""
    forwards = World(300, seed=7)
    seen = {night: forwards.projects(night).tobytes() for night in nights(20)}
    leaping = World(300, seed=7)
    for night in [BEGIN + dt.timedelta(days=day) for day in (19, 3, 11, 0, 12)]:
        assert leaping.projects(night).tobytes() == seen[night]
    assert World(300, seed=8).projects(BEGIN).tobytes() != seen[BEGIN]


def test_no_project_vanishes_and_new_ones_come_last() -> None:
    world = World(400, change_share=0.05)
    for before, after in pairwise(nights(30)):
        old, new = world.projects(before), world.projects(after)
        assert keys(new)[: len(old)] == keys(old)
        assert len(set(keys(new))) == len(new)
    assert len(world.projects(nights(30)[-1])) > 400


@pytest.mark.parametrize("share", [0.004, 0.01, 0.2])
def test_the_asked_share_of_the_projects_changes(share: float) -> None:
    world = World(2000, change_share=share)
    for before, after in pairwise(nights(5)):
        old, new = world.projects(before), world.projects(after)
        changed = int((old != new[: len(old)]).sum()) + len(new) - len(old)
        assert changed == max(3, round(len(old) * share))


def test_nothing_changes_under_share_zero() -> None:
    world = World(100, change_share=0)
    assert world.projects(nights(9)[-1]).tobytes() == world.projects(BEGIN).tobytes()


def test_only_allowed_steps_are_taken_and_suspended_comes_back() -> None:
    world = World(3000, change_share=0.1)
    taken: Counter[tuple[str, str]] = Counter()
    for before, after in pairwise(nights(40)):
        old = world.projects(before)
        new = world.projects(after)[: len(old)]
        for row in np.flatnonzero(old["status"] != new["status"]):
            here, there = STATUSES[old["status"][row]], STATUSES[new["status"][row]]
            assert here.exchange == there.exchange
            taken[here.canonical, there.canonical] += 1
    assert {(here, there) for here, then in STEPS.items() for there in then} >= set(taken)
    assert taken["suspended", "accepted"] > 0
    assert taken["submitted", "refused"] > 0
    assert "unknown" not in {status for step in taken for status in step}


def test_every_status_is_what_the_pipeline_takes_it_for() -> None:
    """The seeds of the warehouse read every code as it is meant here, and allow every step that is taken here."""
    with (SEEDS / "status_map.csv").open(encoding="utf-8") as file:
        meaning = {
            (row["exchange"], row["raw_status"], row["raw_sub"]): row["canonical"] for row in csv.DictReader(file)
        }
    with (SEEDS / "status_transition.csv").open(encoding="utf-8") as file:
        allowed = {(row["from_status"], row["to_status"]) for row in csv.DictReader(file)}
    for status in STATUSES:
        if status.canonical != "unknown":
            assert meaning[status.exchange, status.code, status.sub or status.label or "-"] == status.canonical
    assert allowed >= {(here, there) for here, then in STEPS.items() for there in then}


def test_beijing_changes_status_without_moving_the_date() -> None:
    world = World(3000, change_share=0.02)
    moved: Counter[tuple[bool, bool]] = Counter()
    for before, after in pairwise(nights(15)):
        old = world.projects(before)
        new = world.projects(after)[: len(old)]
        for row in np.flatnonzero(old["status"] != new["status"]):
            moved[old["exchange"][row] == BSE, old["updated"][row] // DAY != new["updated"][row] // DAY] += 1
    assert moved[True, False] > 2 * moved[True, True] > 0
    assert moved[False, False] == 0


@pytest.mark.parametrize("seed", range(5))
def test_companies_have_several_projects(seed: int) -> None:
    """Also on several exchanges; and a BSE stock code stands for more than one project, however small the world."""
    world = World(20, seed)
    projects = world.projects(BEGIN)
    on = {company: set(projects["exchange"][projects["company"] == company]) for company in projects["company"]}
    assert max(len(exchanges) for exchanges in on.values()) > 1
    codes = world.companies.stock_codes(projects["company"][projects["exchange"] == BSE])
    assert len(set(codes)) < len(codes)


def test_exchanges_have_their_share_and_all_statuses_occur() -> None:
    projects = World(20_000).projects(BEGIN)
    assert np.bincount(projects["exchange"]).tolist() == [7000, 8000, 5000]
    stored = {STATUSES[row] for row in np.unique(projects["status"])}
    assert stored == {status for status in STATUSES if status.canonical != "unknown"}
    assert (projects["accepted"] // DAY <= projects["updated"] // DAY).all()
    assert set(EXCHANGES) == {status.exchange for status in stored}


def test_company_names_are_unique_and_varied() -> None:
    names = Companies(seed=3).names(np.arange(50_000))
    assert len(set(names)) == 50_000
    assert all(name.endswith("公司") for name in names)
    assert 0.05 < sum("（" in name for name in names) / 50_000 < 0.08
    assert any(name.endswith("股份公司") for name in names)


def test_no_person_can_stand_in_a_company_name() -> None:
    words = BRAND_FIRST + BRAND_LAST + "".join(place.name for place in PLACES) + "".join(t.name for t in TRADES)
    firms = "".join(adviser.full + adviser.short for adviser in SPONSORS + LAW_FIRMS + ACCOUNTANTS)
    assert not set(SURNAMES) & set(words + firms + "".join(TITLES))


def test_titles_and_their_shares_belong_together() -> None:
    assert len(TITLES) == len(TITLE_SHARES)
    assert TITLE_SHARES.sum() == pytest.approx(1)


def test_a_night_before_the_beginning_is_refused() -> None:
    with pytest.raises(ValueError, match="begins on 2026-07-01, there is no night 2026-06-30"):
        World(100).projects(dt.date(2026, 6, 30))


@pytest.mark.parametrize(("size", "share"), [(19, 0.01), (10**9, 0.01), (100, 0.6), (100, -0.1)])
def test_an_impossible_world_is_refused(size: int, share: float) -> None:
    with pytest.raises(ValueError, match="must be from"):
        World(size, change_share=share)
