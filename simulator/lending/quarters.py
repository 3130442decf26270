"""What guarantors report of a quarter, worked out from their contracts: balances, leverage, payments, cooperation."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.companies import scatter
from simulator.lending.calendar import days, month_end, quarter_end_month
from simulator.lending.contracts import (
    MICRO_WEIGHT,
    Amounts,
    Book,
    Contracts,
    month_of,
    payments,
    recovered_by,
    remaining,
)

REFERENCE_QUARTER = 2026 * 4
"""2026Q1: the quarter whose leverage is the one the seed has drawn; net assets grow slowly from there."""

_TARGETS = np.array([12, 18, 22, 25, 28, 16, 20, 24, 14, 20])  # tenths
_NEAR, _ABOVE = 93, 104  # tenths: near and above ten times the net assets
_LEAST_NET_ASSETS = 5_000_000


class Quarter(NamedTuple):
    """The figures of one guarantor and quarter, in 元; counts of clients; the fee in hundredths of a percent."""

    net_assets: int
    equity_in_guarantors: int
    balance: int
    weighted_liability: int
    micro_balance: int
    micro_clients: int
    clients: int
    released: int
    compensated: int
    recovered: int
    fee_bp: int
    asset_i: int
    asset_ii: int
    asset_iii: int
    assets: int
    largest_client: int
    largest_group: int

    @property
    def leverage(self) -> float:
        """Weighted liability to net assets less stakes in other guarantors."""
        return self.weighted_liability / (self.net_assets - self.equity_in_guarantors)

    def cap(self) -> int:
        """15 times for those whose small-business share is 50 % of the balance and 80 % of the clients, else 10."""
        small = self.micro_balance * 2 >= self.balance and self.micro_clients * 10 >= self.clients * 8
        return 15 if small else 10


class Cooperation(NamedTuple):
    """A guarantor's line with a bank, by index into Banks.partners: in 元, percent, and days since 1970-01-01."""

    bank: int
    credit_line: int
    used: int
    bank_share: int
    valid_to: int


class Quarters:
    """The figures of all guarantors, worked out one by one when asked for."""

    def __init__(self, book: Book) -> None:
        self.book, self.seed = book, book.seed
        self.of = lru_cache(4096)(self._of)
        self._net_assets = lru_cache(4096)(self._own_net_assets)

    def target(self, guarantor: int) -> int:
        """Leverage at the reference quarter, in tenths."""
        drawn = int(_TARGETS[scatter(np.array([guarantor]), self.seed + 601, len(_TARGETS))[0]])
        if guarantor % 8 == 3:
            drawn = _NEAR
        if guarantor % 9 == 8:
            drawn = _ABOVE
        return drawn * 3 // 2 if self.book.guarantors.serves_small[guarantor] else drawn

    def _own_net_assets(self, guarantor: int) -> int:
        """Net assets less stakes at the reference quarter, in whole 万元: what makes the leverage the drawn one."""
        contracts = self.book.all[self.book.of(guarantor)]
        balance = self.book.balance(contracts, days(month_end(quarter_end_month(REFERENCE_QUARTER))))
        return max(_weighted(contracts, balance) * 10 // self.target(guarantor) // 10_000 * 10_000, _LEAST_NET_ASSETS)

    def paid_in_capital(self, guarantor: int) -> int:
        """In 元, whole 百万元, never below the legal minimum of 2,000 万元."""
        return max(self._net_assets(guarantor) * 17 // 20 // 1_000_000 * 1_000_000, 20_000_000)

    def _of(self, guarantor: int, quarter: int) -> Quarter:
        contracts = self.book.all[self.book.of(guarantor)]
        last_month = quarter_end_month(quarter)
        balance = self.book.balance(contracts, days(month_end(last_month)))
        own = self._net_assets(guarantor) * (100 + quarter - REFERENCE_QUARTER) // 100 // 10_000 * 10_000
        equity = own // 50_000 * 10_000 * (guarantor % 5 == 0) // 3 // 10_000 * 10_000
        micro = contracts["weight"] == MICRO_WEIGHT
        closed = month_of(contracts["closed"])
        now = (closed > last_month - 3) & (closed <= last_month)
        got_back = recovered_by(contracts, last_month) - recovered_by(contracts, last_month - 3)
        clients, groups = _exposures(contracts, balance)
        net_assets = own + equity
        assets = net_assets * 5 // 4 // 10_000 * 10_000
        return Quarter(
            net_assets=net_assets,
            equity_in_guarantors=equity,
            balance=int(balance.sum()),
            weighted_liability=_weighted(contracts, balance),
            micro_balance=int(balance[micro].sum()),
            micro_clients=len(np.unique(contracts["client"][micro & (balance > 0)])),
            clients=len(clients),
            released=int(remaining(contracts[now], contracts["closed"][now].astype(np.int64)).sum()),
            compensated=int(payments(contracts[now & contracts["paid"]]).sum()),
            recovered=int(got_back[contracts["paid"]].sum()),
            fee_bp=60 + int(scatter(np.array([guarantor]), self.seed + 602, 90)[0]),
            asset_i=assets * 35 // 100 // 10_000 * 10_000,
            asset_ii=assets * 40 // 100 // 10_000 * 10_000,
            asset_iii=assets * 20 // 100 // 10_000 * 10_000,
            assets=assets,
            largest_client=int(clients.max(initial=0)),
            largest_group=int(groups.max(initial=0)),
        )

    def cooperation(self, guarantor: int, quarter: int) -> list[Cooperation]:
        """A guarantor's banks at the end of a quarter; what is used is what they are owed under its guarantees."""
        guarantors, one = self.book.guarantors, np.array([guarantor])
        slots = np.arange(int(guarantors.bank_count(one)[0]))
        banks = guarantors.bank_at(np.full(len(slots), guarantor), slots)
        shares = guarantors.shares(np.full(len(slots), guarantor), banks)[:, 1].tolist()
        day = days(month_end(quarter_end_month(quarter)))
        contracts = self.book.all[self.book.of(guarantor)]
        balance = self.book.balance(contracts, day)
        used = [int(balance[contracts["bank"] == bank].sum()) for bank in banks.tolist()]
        return [
            Cooperation(bank, (amount * 3 // 2 // 5_000_000 + 1) * 5_000_000, amount, share, day + 365 + 30 * slot)
            for slot, (bank, amount, share) in enumerate(zip(banks.tolist(), used, shares, strict=True))
        ]


def _weighted(contracts: Contracts, balance: Amounts) -> int:
    """Liability balance under the weights of the contracts; balances are whole hundreds, so this is exact."""
    return int((balance // 100 * contracts["weight"].astype(np.int64)).sum())


def _exposures(contracts: Contracts, balance: Amounts) -> tuple[Amounts, Amounts]:
    """What is outstanding by client, and by client or group of clients, in 元."""
    standing = balance > 0
    clients = _summed(contracts["client"][standing].astype(np.int64), balance[standing])
    group = contracts["group"][standing].astype(np.int64)
    key = np.where(group >= 0, -1 - group, contracts["client"][standing].astype(np.int64))
    return clients, _summed(key, balance[standing])


def _summed(keys: NDArray[np.int64], amounts: Amounts) -> Amounts:
    """The sums of amounts under equal keys, in order of the keys."""
    _, place = np.unique(keys, return_inverse=True)
    sums = np.zeros(int(place.max(initial=-1)) + 1, np.int64)
    np.add.at(sums, place, amounts)
    return sums
