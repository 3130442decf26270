"""Guarantors and their contracts: figures that agree with each other, and the breaches the questions look for."""

import datetime as dt

import numpy as np
import pytest
from test_register import passes

from simulator import World
from simulator.lending.calendar import days, month_end, quarter_end_month
from simulator.lending.contracts import (
    IN_FORCE,
    PAID,
    RELEASED,
    WRITTEN_OFF,
    month_of,
    payments,
    recovered_by,
    spoken_of,
)
from simulator.lending.economy import Lending
from simulator.lending.guarantors import LISTS
from simulator.lending.quarters import REFERENCE_QUARTER
from simulator.regions import UNITS

JUNE = 2026 * 12 + 5


def numbers(lending: Lending) -> list[int]:
    return [guarantor.number for guarantor in lending.guarantors.reporting]


def test_the_balance_of_a_quarter_is_the_sum_of_its_contracts(lending: Lending) -> None:
    """As the contract file of the quarter's last month has them; so are weighted and small-business balance."""
    for number in numbers(lending):
        state = lending.book.at(quarter_end_month(REFERENCE_QUARTER), number)
        told = lending.quarters.of(number, REFERENCE_QUARTER)
        weight = lending.book.all[state.rows]["weight"].astype(np.int64)
        assert told.balance == state.balance.sum()
        assert told.weighted_liability * 100 == (state.balance * weight).sum()
        assert told.micro_balance == state.balance[weight == 75].sum()
        assert told.clients == len(set(lending.book.all[state.rows]["client"][state.balance > 0].tolist()))


def test_only_contracts_in_force_have_a_balance_and_none_above_its_principal(lending: Lending) -> None:
    for number in numbers(lending):
        state = lending.book.at(JUNE, number)
        told = lending.book.all[state.rows]
        assert ((state.balance > 0) == (state.status == IN_FORCE)).all()
        assert (state.balance <= told["principal"]).all()
        assert (told["start"] <= days(month_end(JUNE))).all()


def test_a_contract_is_spoken_of_until_the_month_it_ends_in(lending: Lending) -> None:
    """Every contract in force, and each that ended or was written off in the month; then never again."""
    number = numbers(lending)[0]
    ended: set[int] = set()
    seen: set[int] = set()
    for month in range(JUNE - 12, JUNE + 1):
        state = lending.book.at(month, number)
        told = lending.book.all[state.rows]["number"].tolist()
        again = {n for n, status in zip(told, state.status.tolist(), strict=True) if status != WRITTEN_OFF}
        assert not again & ended
        now = {n for n, status in zip(told, state.status.tolist(), strict=True) if status in (RELEASED, PAID)}
        ended |= now
        seen |= set(told)
    assert len(ended) > 20
    assert len(seen) > len(ended)


def test_payments_follow_the_term_and_stay_below_the_principal(lending: Lending) -> None:
    paid = lending.book.all[lending.book.all["paid"]]
    assert (payments(paid) <= paid["principal"]).all()
    assert (paid["closed"] > paid["end"]).all()
    assert 0.02 < len(paid) / len(lending.book.all) < 0.05
    for later in (0, 5, 12):
        assert (recovered_by(paid, JUNE + later) <= payments(paid)).all()
    # What comes back is told in the month it comes, so the newest file that speaks of a payment is right.
    for month in range(JUNE - 6, JUNE):
        changed = recovered_by(paid, month) != recovered_by(paid, month - 1)
        assert not (changed & ~spoken_of(paid, month)).any()


def test_the_flows_of_a_quarter_are_those_of_its_contracts(lending: Lending) -> None:
    contracts = lending.book.all
    for number in numbers(lending):
        mine = contracts[lending.book.of(number)]
        now = np.isin(month_of(mine["closed"]), [JUNE - 2, JUNE - 1, JUNE])
        told = lending.quarters.of(number, REFERENCE_QUARTER + 1)
        assert told.compensated == payments(mine[now & mine["paid"]]).sum()
        assert told.compensated <= told.released


def test_shares_sum_to_one_and_some_banks_keep_less_than_a_fifth(lending: Lending) -> None:
    book = lending.book.all
    shares = lending.guarantors.shares(book["guarantor"].astype(np.int64), book["bank"].astype(np.int64))
    assert (shares.sum(axis=1) == 100).all()
    assert 0 < (shares[:, 1] < 20).mean() < 0.5
    assert set(np.unique(book["weight"]).tolist()) == {75, 80, 100}


def test_lines_with_banks_hold_what_is_used(lending: Lending) -> None:
    for number in numbers(lending):
        lines = lending.quarters.cooperation(number, REFERENCE_QUARTER)
        assert len({line.bank for line in lines}) == len(lines)
        assert all(0 <= line.used <= line.credit_line for line in lines)
        assert sum(line.used for line in lines) == lending.quarters.of(number, REFERENCE_QUARTER).balance


def test_some_guarantors_are_near_their_cap_some_above_some_concentrated_some_clients_shared() -> None:
    """So that every question has an answer; most guarantors have none of it."""
    lending = Lending(World(3600, seed=1))
    told = [lending.quarters.of(number, REFERENCE_QUARTER) for number in numbers(lending)]
    used = np.array([quarter.leverage / quarter.cap() for quarter in told])
    assert (used > 1).any()
    assert ((used >= 0.9) & (used < 1)).any()
    assert (used < 0.5).mean() > 0.5
    assert {quarter.cap() for quarter in told} == {10, 15}
    client = np.array([quarter.largest_client / quarter.net_assets for quarter in told])
    group = np.array([quarter.largest_group / quarter.net_assets for quarter in told])
    assert 0 < (client > 0.10).mean() < 0.6
    assert 0 < (group > 0.15).mean() < 0.6
    day = days(month_end(JUNE))
    standing = lending.book.all[lending.book.balance(lending.book.all, day) > 0]
    pairs = np.unique(np.stack([standing["client"], standing["guarantor"]], axis=1), axis=0)
    assert (np.unique(pairs[:, 0], return_counts=True)[1] > 1).sum() > 20


def test_licensed_guarantors_have_what_a_licence_needs(lending: Lending) -> None:
    """A valid code and licence number of their own, 2,000 万元 paid in, a licence that runs on the day of the list."""
    everybody = lending.guarantors.all
    assert all(passes(guarantor.uscc) for guarantor in everybody)
    for field in ("uscc", "licence_no", "name"):
        assert len({getattr(guarantor, field) for guarantor in everybody}) == len(everybody)
    for guarantor in everybody:
        assert lending.quarters.paid_in_capital(guarantor.number) >= 20_000_000
        assert guarantor.licence_from < LISTS[0] < LISTS[1] < guarantor.licence_to
        assert guarantor.region6[:4] == guarantor.city.code
    assert {guarantor.kind for guarantor in everybody} == {"直保", "再担保", "农担"}


def test_every_reporting_unit_has_a_list_and_nobody_leaves_it(lending: Lending) -> None:
    """Separately reporting cities have their own; who gives the licence back stays listed as 注销."""
    for unit in UNITS:
        before, after = (lending.guarantors.listed(unit, row) for row in (0, 1))
        assert before
        assert {guarantor.number for guarantor in before} <= {guarantor.number for guarantor in after}
    new = [guarantor for guarantor in lending.guarantors.all if guarantor.first_list]
    closed = [guarantor for guarantor in lending.guarantors.all if guarantor.status_at(1) == "注销"]
    assert new
    assert closed
    assert not any(guarantor.reports for guarantor in new + closed)


@pytest.mark.parametrize("day", [dt.date(2026, 3, 31), dt.date(2026, 12, 31)])
def test_balances_do_not_depend_on_what_was_asked_before(day: dt.date) -> None:
    first, second = Lending(World(80, seed=4)), Lending(World(80, seed=4))
    for month in (JUNE, JUNE - 20):
        first.book.at(month, numbers(first)[0])
    asked = [lending.book.balance(lending.book.all, days(day)).tobytes() for lending in (first, second)]
    assert asked[0] == asked[1]
