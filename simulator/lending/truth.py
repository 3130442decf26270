"""What the lending databases should hold on a night, with the columns of their tables, and the dirt list.

Amounts are whole 元 and ratios fractions. Where a table has an `organization_id`, the truth has the credit code or name
by which the organization is to be found: ids are the pipeline's own.
"""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.lending.columns import COLUMNS
from simulator.lending.delivered import Delivered
from simulator.lending.dirt import Injection
from simulator.lending.drop import MANIFEST
from simulator.lending.files import Cell
from simulator.lending.offered import offered_criteria, offered_products, product_injections
from simulator.lending.penalties import BASIS, WIDE
from simulator.lending.schedule import Event
from simulator.regions import PROVINCES, cities_of

if TYPE_CHECKING:
    import pandas as pd

Rows = list[dict[str, object]]


def tables(delivered: Delivered) -> dict[str, Rows]:
    """Every table by `<database>.<name>`, as rows."""
    makers: dict[str, Callable[[Delivered], Rows]] = {
        "financial_institutions.institution": _institutions,
        "financial_institutions.branch": _branches,
        "financial_institutions.product": offered_products,
        "financial_institutions.product_criterion": offered_criteria,
        "financial_institutions.penalty": _penalties,
        "guarantees.institution": _guarantors,
        "guarantees.institution_quarter": _quarters,
        "guarantees.contract": _contracts,
        "guarantees.compensation": _compensations,
        "guarantees.bank_cooperation": _cooperation,
        "quality.delivery": _deliveries,
        "dirt": lambda told: [injection._asdict() for injection in dirt(told)],
    }
    return {name: make(delivered) for name, make in makers.items()}


def dirt(delivered: Delivered) -> list[Injection]:
    """All dirt so far: in files, and in the product feed as it was read."""
    return delivered.injections + product_injections(delivered)


def frame(name: str, rows: Rows) -> "pd.DataFrame":
    """The rows of a table as one of pandas; it has its columns even without rows."""
    import pandas as pd

    return pd.DataFrame(rows, columns=COLUMNS[name].split())


def write(told: dict[str, Rows], folder: Path) -> None:
    """Write each table as `<database>.<name>.parquet`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in told.items():
        frame(name, rows).to_parquet(folder / f"{name}.parquet")


def _institutions(delivered: Delivered) -> Rows:
    """NFRA's institutions: 在业 those in its newest list, 注销 those that an earlier one had."""
    seen: dict[Cell, dt.date] = {}
    for part, record in delivered.records("nfra_institutions", "institution"):
        seen.setdefault(record["机构编码"], delivered.standing[part].night)
    found = delivered.newest("nfra_institutions", "institution", "机构编码")
    last = max((part.period for part, _ in found.values()), default="")
    kinds = {bank.code: bank.kind.fi_type for bank in delivered.lending.banks.all}
    return [
        {
            "institution_id": f"CN:{code}",
            "jurisdiction": "CN",
            "nfra_code": code,
            "legal_name": record["中文全称"],
            "name_en": record["英文全称"],
            "fi_type": kinds[str(code)],
            "fi_type_raw": record["机构类型"],
            "supervisor_unit": record["监管责任单位"],
            "business_number": None,
            "licence_status": "在业" if part.period == last else "注销",
            "list_as_of": dt.date.fromisoformat(part.period),
            "first_seen_on": seen[code],
        }
        for (code,), (part, record) in found.items()
    ]


def _branches(delivered: Delivered) -> Rows:
    """Each office as the newest list of its bank has it."""
    return [
        {
            "branch_id": f"CN:{code}",
            "institution_id": f"CN:{part.sender}",
            "parent_branch_id": record["上级机构编码"] and f"CN:{record['上级机构编码']}",
            "branch_name": record["机构名称"],
            "cnaps12": record["支付系统行号"],
            "region6": record["行政区划代码"],
            "city_unit": str(record["行政区划代码"])[:4],
            "is_tech_branch": record["科技支行"] == "是",
            "status": record["状态"],
            "list_period": part.period,
        }
        for (code,), (part, record) in delivered.newest("bank_branches", "branch", "机构编码").items()
    ]


def _penalties(delivered: Delivered) -> Rows:
    """One row a penalized institution of a decision; persons are not counted."""
    return [
        {
            "penalty_id": f"{penalty.doc_id}:{number}",
            "decision_no": penalty.decision_no,
            "institution_id": f"CN:{bank.code}",
            "party_name": bank.name,
            "authority": penalty.authority,
            "decided_on": None if penalty.layout == WIDE else penalty.decided_on,
            "published_on": penalty.published_on,
            "amount_cny": penalty.amount_wan * 10_000,
            "reason": penalty.violation,
            "basis": None if penalty.layout == WIDE else BASIS,
            "decision_text": penalty.decision(bank),
        }
        for penalty in delivered.lending.penalties.at(delivered.night)
        for number, bank in enumerate(penalty.banks, 1)
    ]


def _guarantors(delivered: Delivered) -> Rows:
    """Licensed guarantors; the cap is that of the newest quarter, 10 for those that do not report."""
    seen: dict[Cell, dt.date] = {}
    for part, record in delivered.records("guarantee_lists", "institution"):
        night = delivered.standing[part].night
        seen[record["统一社会信用代码"]] = min(seen.get(record["统一社会信用代码"], night), night)
    numbers = {guarantor.uscc: guarantor.number for guarantor in delivered.lending.guarantors.all}
    caps: dict[str, int] = {}
    for part, _ in delivered.records("guarantor_reports", "quarter"):
        caps[part.sender] = delivered.lending.quarters.of(numbers[part.sender], part.at).cap()
    return [
        {
            "guarantor_id": f"CN:{uscc}",
            "jurisdiction": "CN",
            "uscc": uscc,
            "legal_name": record["机构名称"],
            "licence_no": record["经营许可证编号"],
            "licence_from": record["发证日期"],
            "licence_to": record["有效期"],
            "regulator": _unit_name(part.sender) + "地方金融管理局",
            "reporting_unit": part.sender,
            "province2": part.sender[:2],
            "region6": record["行政区划代码"],
            "ownership": record["机构性质"],
            "kind": record["业务类型"],
            "paid_in_capital_cny": record["实缴资本"],
            "registered_capital_cny": record["注册资本"],
            "reg_rating": record["监管评级"],
            "leverage_cap": caps.get(str(uscc), 10),
            "status": record["状态"],
            "list_as_of": dt.date.fromisoformat(part.period),
            "first_seen_on": seen[uscc],
        }
        for (uscc,), (part, record) in delivered.newest("guarantee_lists", "institution", "统一社会信用代码").items()
    ]


_QUARTER_COLUMNS = {
    "净资产": "net_assets_cny",
    "对其他担保机构股权投资": "equity_in_guarantors_cny",
    "在保余额": "balance_cny",
    "责任余额": "weighted_liability_cny",
    "小微三农在保余额": "micro_balance_cny",
    "小微三农在保户数": "micro_clients",
    "在保户数": "clients",
    "本期解除额": "released_period_cny",
    "本期代偿额": "compensated_period_cny",
    "本期追偿额": "recovered_period_cny",
    "Ⅰ级资产": "asset_i_cny",
    "Ⅱ级资产": "asset_ii_cny",
    "Ⅲ级资产": "asset_iii_cny",
    "资产总额": "assets_cny",
    "最大单一客户在保余额": "largest_client_cny",
    "最大关联客户在保余额": "largest_group_cny",
}


def _quarters(delivered: Delivered) -> Rows:
    """Guarantors' figures, one row a quarter that stands."""
    return [
        {"guarantor_id": f"CN:{part.sender}", "period": part.period}
        | {ours: _number(record[theirs]) for theirs, ours in _QUARTER_COLUMNS.items()}
        | {
            "fee_ratio_avg": _fraction(record["平均担保费率"]),
            "leverage_ratio": _number(record["责任余额"])
            / (_number(record["净资产"]) - _number(record["对其他担保机构股权投资"])),
            "compensation_ratio": _number(record["本期代偿额"]) / _number(record["本期解除额"])
            if record["本期解除额"]
            else None,
        }
        for part, record in delivered.records("guarantor_reports", "quarter")
    ]


def _contracts(delivered: Delivered) -> Rows:
    """Each contract as the newest month that speaks of it has it."""
    found = delivered.newest("guarantor_reports", "contract", "sender", "合同编号")
    return [
        {
            "contract_id": f"CN:{sender}:{number}",
            "guarantor_id": f"CN:{sender}",
            "contract_no": number,
            "client_uscc": record["被担保人统一社会信用代码"],
            "client_name": record["被担保人"],
            "client_group": record["客户集团"],
            "creditor_name": record["债权人"],
            "creditor_institution_id": record["债权人机构编码"] and f"CN:{record['债权人机构编码']}",
            "kind": record["业务品种"],
            "jurisdiction": "CN",
            "currency": "CNY",
            "principal_amount": record["担保金额"],
            "balance_amount": record["在保余额"],
            "share_guarantor_ratio": _fraction(record["担保机构分担比例"]),
            "share_bank_ratio": _fraction(record["银行分担比例"]),
            "share_reguarantee_ratio": _fraction(record["再担保分担比例"]),
            "started_on": record["起始日"],
            "ends_on": record["到期日"],
            "risk_weight_ratio": _fraction(record["风险权重"]),
            "counter_guarantee": record["反担保方式"],
            "industry": record["国民经济行业"],
            "status": record["状态"],
            "report_period": part.period,
        }
        for (sender, number), (part, record) in found.items()
    ]


def _compensations(delivered: Delivered) -> Rows:
    """Each payment as the newest month that speaks of it has it; one on a contract not known yet waits."""
    contracts = delivered.newest("guarantor_reports", "contract", "sender", "合同编号")
    found = delivered.newest("guarantor_reports", "compensation", "sender", "代偿编号")
    return [
        {
            "compensation_id": f"CN:{sender}:{number}",
            "guarantor_id": f"CN:{sender}",
            "contract_id": f"CN:{sender}:{record['合同编号']}",
            "paid_on": record["代偿日期"],
            "currency": "CNY",
            "amount": record["代偿金额"],
            "recovered_amount": record["已追偿金额"],
        }
        for (sender, number), (_, record) in found.items()
        if (sender, record["合同编号"]) in contracts
    ]


def _cooperation(delivered: Delivered) -> Rows:
    """Lines between guarantors and banks, one row a quarter that stands."""
    return [
        {
            "guarantor_id": f"CN:{part.sender}",
            "institution_id": f"CN:{record['银行机构编码']}",
            "period": part.period,
            "bank_name": record["银行名称"],
            "credit_line_cny": record["授信额度"],
            "used_cny": record["已用额度"],
            "bank_share_ratio": _fraction(record["银行分担比例"]),
            "valid_to": record["有效期至"],
        }
        for part, record in delivered.records("guarantor_reports", "bank_cooperation")
    ]


def _deliveries(delivered: Delivered) -> Rows:
    """One row a file that has arrived; one that was not read to its rows has none."""
    in_force = {one.part: one for one in delivered.all if one.status in ("loaded", "withdrawn")}
    return [
        {
            "source_id": delivery.part.source,
            "resource": delivery.part.resource,
            "sender": delivery.part.sender,
            "period": delivery.part.period,
            "file_name": told.file_name + (MANIFEST if delivery.event is Event.WITHDRAWAL else ""),
            "received_on": delivery.night,
            "event": delivery.event.value,
            "status": delivery.status,
            "rows": len(told.rows) if delivery.status == "loaded" or delivery.event is Event.LYING else 0,
            "withheld_rows": len(told.withheld),
            "is_current": in_force.get(delivery.part) == delivery,
        }
        for delivery, told in delivered.prepared.items()
    ]


def _unit_name(unit: str) -> str:
    """The province, or the city that reports separately."""
    return PROVINCES[unit] if len(unit) == 2 else cities_of(unit)[0].name


def _number(cell: Cell) -> int:
    assert isinstance(cell, int)
    return cell


def _fraction(cell: Cell) -> float:
    """Percent as a fraction."""
    return float(str(cell)) / 100
