"""What each delivered file says, before it is written and before dirt gets into it: clean rows under the agreed heads.

Amounts are 元 and shares are percent here; the sender's units are applied when the file is laid out.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from simulator.companies import scatter
from simulator.lending import contracts as course
from simulator.lending.banks import LISTS as BANK_LISTS
from simulator.lending.banks import Bank
from simulator.lending.calendar import date_of
from simulator.lending.contracts import COUNTER_GUARANTEES, KINDS, STATUSES, contract_numbers, event_numbers
from simulator.lending.economy import Lending
from simulator.lending.files import Cell
from simulator.lending.guarantors import LISTS as GUARANTOR_LISTS
from simulator.regions import PROVINCES
from simulator.vocabulary import BRAND_FIRST, BRAND_LAST, PEOPLE, TRADES


class Column(NamedTuple):
    """A head and what stands under it: text, code, money (元), percent, count, date or person."""

    name: str
    kind: str


@dataclass
class Table:
    """Rows under their columns; `key` is the column that tells them apart within a file."""

    columns: tuple[Column, ...]
    key: str
    rows: list[list[Cell]]

    def at(self, name: str) -> int:
        """Where a column stands."""
        return [column.name for column in self.columns].index(name)


def _columns(text: str) -> tuple[Column, ...]:
    """`机构名称:text 注册资本:money` as columns."""
    return tuple(Column(*word.split(":")) for word in text.split())


NFRA = _columns(
    """
    序号:count 中文全称:text 英文全称:text 机构编码:code 机构类型:text
    监管责任单位:text
    """
)
BRANCH = _columns(
    """
    机构编码:code 上级机构编码:code 机构名称:text 支付系统行号:code
    行政区划代码:code 科技支行:text 状态:text 负责人:person
    """
)
GUARANTOR = _columns(
    """
    序号:count 机构名称:text 统一社会信用代码:code 经营许可证编号:code
    注册资本:money 实缴资本:money 机构性质:text 业务类型:text
    注册地:text 行政区划代码:code 发证日期:date 有效期:date
    监管评级:text 状态:text 法定代表人:person 联系电话:person
    """
)
QUARTER = _columns(
    """
    统一社会信用代码:code 净资产:money 对其他担保机构股权投资:money
    在保余额:money 责任余额:money 小微三农在保余额:money
    小微三农在保户数:count 在保户数:count 本期解除额:money
    本期代偿额:money 本期追偿额:money 平均担保费率:percent
    Ⅰ级资产:money Ⅱ级资产:money Ⅲ级资产:money 资产总额:money
    最大单一客户在保余额:money 最大关联客户在保余额:money 填报人:person
    """
)
CONTRACT = _columns(
    """
    合同编号:code 被担保人:text 被担保人统一社会信用代码:code 客户集团:text
    债权人:text 债权人机构编码:code 业务品种:text 担保金额:money
    在保余额:money 担保机构分担比例:percent 银行分担比例:percent
    再担保分担比例:percent 起始日:date 到期日:date 风险权重:percent
    反担保方式:text 国民经济行业:code 状态:text 经办人:person
    """
)
COMPENSATION = _columns(
    """
    代偿编号:code 合同编号:code 代偿日期:date 代偿金额:money
    已追偿金额:money
    """
)
COOPERATION = _columns(
    """
    银行机构编码:code 银行名称:text 授信额度:money 已用额度:money
    银行分担比例:percent 有效期至:date
    """
)

_INDUSTRIES = {
    "C26": "C2614",
    "C27": "C2710",
    "C29": "C2911",
    "C30": "C3011",
    "C33": "C3321",
    "C34": "C3412",
    "C35": "C3511",
    "C36": "C3620",
    "C37": "C3711",
    "C38": "C3812",
    "C39": "C3911",
    "C40": "C4011",
    "D44": "D4411",
    "I64": "I6421",
    "I65": "I6513",
    "M73": "M7320",
    "M74": "M7420",
    "N77": "N7711",
}
"""A class of GB/T 4754-2017 for each of the trades' codes."""

_WITHOUT_CODE = 3  # of 100 contracts name the client or the creditor without its code


def nfra_table(lending: Lending, listed: int) -> Table:
    """One of NFRA's lists, with running numbers from 1."""
    rows: list[list[Cell]] = [
        [number, bank.name_at(listed), bank.name_en or None, bank.code, bank.kind.raw, bank.supervisor]
        for number, bank in enumerate(lending.banks.listed(listed), 1)
    ]
    return Table(NFRA, "机构编码", rows)


def branch_table(lending: Lending, bank: Bank, quarter: int) -> Table:
    """A bank's offices in a quarter."""
    rows: list[list[Cell]] = [
        [
            office.code,
            office.parent_code,
            office.name,
            office.cnaps12,
            office.region6,
            "是" if office.is_tech else "否",
            office.status_at(quarter),
            PEOPLE[(bank.number * 31 + at) % len(PEOPLE)],
        ]
        for at, office in enumerate(lending.banks.branches_at(bank, quarter))
    ]
    return Table(BRANCH, "机构编码", rows)


def guarantor_table(lending: Lending, unit: str, listed: int) -> Table:
    """A reporting unit's licensed guarantee institutions."""
    rows: list[list[Cell]] = [
        [
            number,
            guarantor.name,
            guarantor.uscc,
            guarantor.licence_no,
            lending.quarters.paid_in_capital(guarantor.number),
            lending.quarters.paid_in_capital(guarantor.number),
            guarantor.ownership,
            guarantor.kind,
            PROVINCES[unit[:2]] + ("" if guarantor.city.name in PROVINCES[unit[:2]] else guarantor.city.name),
            guarantor.region6,
            guarantor.licence_from,
            guarantor.licence_to,
            guarantor.rating,
            guarantor.status_at(listed),
            guarantor.legal_person,
            guarantor.phone,
        ]
        for number, guarantor in enumerate(lending.guarantors.listed(unit, listed), 1)
    ]
    return Table(GUARANTOR, "统一社会信用代码", rows)


def quarter_table(lending: Lending, guarantor: int, quarter: int, restated: bool = False) -> Table:
    """A guarantor's figures of a quarter; restated ones have 5 % less net assets."""
    told = lending.quarters.of(guarantor, quarter)
    own = lending.guarantors.all[guarantor]
    net_assets = told.net_assets * 95 // 100 // 10_000 * 10_000 if restated else told.net_assets
    row: list[Cell] = [
        own.uscc,
        net_assets,
        *told[1:10],
        Decimal(told.fee_bp).scaleb(-2),
        *told[11:],
        own.legal_person,
    ]
    return Table(QUARTER, "统一社会信用代码", [row])


def contract_table(lending: Lending, guarantor: int, month: int, corrected: bool = False) -> Table:
    """A guarantor's contracts of a month; in a corrected file the principals of those that ended are 1 % higher."""
    book, register = lending.book, lending.register
    state = book.at(month, guarantor)
    told = book.all[state.rows]
    clients = told["client"]
    shares = lending.guarantors.shares(np.full(len(told), guarantor), told["bank"].astype(np.int64))
    partners = lending.banks.partners
    unnamed = scatter(told["number"].astype(np.int64), 701, 100).tolist()
    principal = told["principal"]
    if corrected:
        principal = np.where(state.status != course.IN_FORCE, principal * 101 // 100, principal)
    rows: list[list[Cell]] = [
        [
            number,
            client,
            uscc if draw >= _WITHOUT_CODE else None,
            group,
            partners[bank].name,
            partners[bank].code if draw < 100 - _WITHOUT_CODE else None,
            KINDS[kind],
            amount,
            balance,
            *share,
            start,
            end,
            weight,
            COUNTER_GUARANTEES[counter],
            _INDUSTRIES[TRADES[trade].code],
            STATUSES[status],
            PEOPLE[counter],
        ]
        for (
            number, client, uscc, draw, group, bank, kind, amount, balance, share, start, end, weight, counter, trade,
            status,
        ) in zip(
            contract_numbers(told),
            lending.companies.names(clients),
            register.usccs(clients),
            unnamed,
            _group_names(guarantor, told["group"].tolist()),
            told["bank"].tolist(),
            told["kind"].tolist(),
            principal.tolist(),
            state.balance.tolist(),
            shares.tolist(),
            told["start"].astype("datetime64[D]").tolist(),
            told["end"].astype("datetime64[D]").tolist(),
            told["weight"].tolist(),
            told["counter"].tolist(),
            lending.companies.trades(clients),
            state.status.tolist(),
            strict=True,
        )
    ]  # fmt: skip
    return Table(CONTRACT, "合同编号", rows)


def _group_names(guarantor: int, groups: list[int]) -> list[str | None]:
    """What a guarantor calls its groups of related clients."""
    firsts, lasts = len(BRAND_FIRST), len(BRAND_LAST)
    return [
        f"{BRAND_FIRST[(guarantor + 7 * group) % firsts]}{BRAND_LAST[(guarantor + group) % lasts]}系"
        if group >= 0
        else None
        for group in groups
    ]


def compensation_table(lending: Lending, guarantor: int, month: int, since: int) -> Table:
    """Payments a guarantor made or got something back of in a month; those before the month `since` are not told."""
    contracts = lending.book.all[lending.book.of(guarantor)]
    told = contracts[course.spoken_of(contracts, month) & (course.month_of(contracts["closed"]) >= since)]
    rows: list[list[Cell]] = [
        [event, contract, date_of(day), amount, recovered]
        for event, contract, day, amount, recovered in zip(
            event_numbers(told),
            contract_numbers(told),
            told["closed"].tolist(),
            course.payments(told).tolist(),
            course.recovered_by(told, month).tolist(),
            strict=True,
        )
    ]
    return Table(COMPENSATION, "代偿编号", rows)


def cooperation_table(lending: Lending, guarantor: int, quarter: int) -> Table:
    """A guarantor's lines with banks at the end of a quarter."""
    partners = lending.banks.partners
    rows: list[list[Cell]] = [
        [
            partners[line.bank].code,
            partners[line.bank].name,
            line.credit_line,
            line.used,
            line.bank_share,
            date_of(line.valid_to),
        ]
        for line in lending.quarters.cooperation(guarantor, quarter)
    ]
    return Table(COOPERATION, "银行机构编码", rows)


LIST_DATES = {"nfra_institutions": BANK_LISTS, "guarantee_lists": GUARANTOR_LISTS}
"""The days of the lists by source."""
