"""Two guarantors, their lists, reports and banks over three nights."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

NIGHTS = [date(2026, 7, 13), date(2026, 7, 14), date(2026, 7, 15)]
FIRST, SECOND = "91330106MA27X2002N", "91330106MA27X2010H"
CLIENT = "91320100MA1MAB003T"
ICBC = "B0001H111000001"

Row = dict[str, Any]


def listed(uscc: str, day: str, **more: Any) -> Row:
    """A row of 浙江's list of a day."""
    row = {"sender": "33", "period": day, "统一社会信用代码": uscc, "机构名称": f"浙江{uscc[-1]}融资担保有限公司"}
    row |= {"经营许可证编号": f"浙{uscc[-4:]}", "发证日期": "2023-06-20", "有效期": "2028-06-19", "状态": "在业"}
    return row | {"注册资本": "10000", "注册资本_unit": "万元", "实缴资本": "1", "实缴资本_unit": "亿元"} | more


def quarter(period: str, net_assets: str, **more: Any) -> Row:
    """A quarter of the first guarantor, in 亿元."""
    row = {"sender": FIRST, "period": period, "统一社会信用代码": FIRST, "小微三农在保户数": "10", "在保户数": "1000"}
    money = {
        "净资产": net_assets,
        "在保余额": "52",
        "责任余额": "42.1",
        "对其他担保机构股权投资": "0.5",
        "小微三农在保余额": "30",
    }
    units = {f"{name}_unit": "亿元" for name in money}
    return row | money | units | more


def contract(period: str, number: str, **more: Any) -> Row:
    """A contract of the first guarantor in a month."""
    row = {"sender": FIRST, "period": period, "合同编号": number, "被担保人": "江苏示范科技有限公司"}
    row |= {
        "被担保人统一社会信用代码": CLIENT,
        "债权人": "中国工商银行股份有限公司",
        "债权人机构编码": ICBC,
        "业务品种": "借款",
    }
    row |= {"担保金额": "300", "担保金额_unit": "万元", "在保余额": "300", "在保余额_unit": "万元"}
    for share, value in {"担保机构分担比例": "40", "银行分担比例": "20", "再担保分担比例": "40"}.items():
        row |= {share: value, f"{share}_unit": "%"}
    row |= {"起始日": "2026-03-01", "到期日": "2027-02-28", "风险权重": "75", "风险权重_unit": "%", "状态": "在保"}
    return row | more


def payment(number: str, of: str, **more: Any) -> Row:
    """A payment of the first guarantor in June."""
    row = {"sender": FIRST, "period": "2026-06", "代偿编号": number, "合同编号": of, "代偿日期": "2026-06-15"}
    return row | {"代偿金额": "120", "代偿金额_unit": "万元"} | more


def line(**more: Any) -> Row:
    """The bank's line for the first guarantor."""
    row = {"sender": FIRST, "period": "2026Q2", "银行机构编码": ICBC, "银行名称": "中国工商银行股份有限公司"}
    return row | {"授信额度": "5", "授信额度_unit": "亿元", "银行分担比例": "15", "银行分担比例_unit": "%"} | more


def said() -> Iterator[tuple[date, Mapping[str, list[Row]]]]:
    """What the sources said, night by night.

    A payment comes before its contract; the second guarantor is missing from the second list, until that is corrected;
    June's contracts come, one of them faulty, and are taken back; an old quarter is corrected.
    """
    yield (
        NIGHTS[0],
        {
            "guarantee_lists__institution": [listed(FIRST, "2026-03-31"), listed(SECOND, "2026-03-31")],
            "guarantor_reports__quarter": [quarter("2026Q1", "5"), quarter("2026Q2", "5")],
            "guarantor_reports__contract": [contract("2026-05", "DB-1"), contract("2026-05", "DB-2")],
            "guarantor_reports__compensation": [payment("DC-1", "DB-9"), payment("DC-2", "DB-1")],
            "guarantor_reports__bank_cooperation": [line()],
        },
    )
    june = [
        contract("2026-06", "DB-1", 在保余额="200"),
        contract("2026-06", "DB-2", 银行分担比例="10"),
        contract("2026-06", "DB-9", 被担保人="王小明", 被担保人统一社会信用代码=None),
    ]
    yield (
        NIGHTS[1],
        {
            "guarantee_lists__institution": [listed(FIRST, "2026-06-30")],
            "guarantor_reports__quarter": [quarter("2026Q1", "6", _change="changed")],
            "guarantor_reports__contract": june,
        },
    )
    yield (
        NIGHTS[2],
        {
            "guarantee_lists__institution": [listed(SECOND, "2026-06-30")],
            "guarantor_reports__contract": [{**row, "_change": "removed"} for row in june],
        },
    )
