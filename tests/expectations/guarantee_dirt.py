"""What spoils the guarantees of a sound release: (rule, table, severity, SQL, a row of the sample, how many)."""

from typing import Any

GUARANTOR, QUARTER, CONTRACT = "guarantees.institution", "guarantees.institution_quarter", "guarantees.contract"
PAID, LINE = "guarantees.compensation", "guarantees.bank_cooperation"

Spoilt = tuple[str, str, str, str, dict[str, Any], int]


def of(number: int) -> str:
    return f"where guarantor_id = 'CN:G{number}'"


def newest(number: int, change: str) -> str:
    return f"update {QUARTER} set {change} {of(number)} and period = '2026Q2';"


def older(number: int, change: str) -> str:
    return f"update {QUARTER} set {change} {of(number)} and period = '2026Q1';"


def key(number: int, **more: Any) -> dict[str, Any]:
    return {"guarantor_id": f"CN:G{number}", **more}


GUARANTEES: list[Spoilt] = [
    (
        "3.1",
        GUARANTOR,
        "critical",
        f"update {GUARANTOR} set licence_no = 'L1000' {of(1001)};",
        key(1000, licence_no="L1000"),
        2,
    ),
    (
        "3.1.listed",
        GUARANTOR,
        "critical",
        f"update {GUARANTOR} set licence_to = date '2026-06-29' {of(1002)};"
        f"update {GUARANTOR} set licence_to = date '2026-06-29', status = '注销' {of(1004)};",
        key(1002, licence_to="2026-06-29"),
        1,
    ),
    (
        "3.1.expired",
        GUARANTOR,
        "warning",
        f"update {GUARANTOR} set licence_to = date '2026-07-14' {of(1003)};",
        key(1003, licence_to="2026-07-14", list_as_of="2026-06-30"),
        1,
    ),
    (
        "3.2",
        GUARANTOR,
        "critical",
        f"update {GUARANTOR} set paid_in_capital_cny = 19999999.99 {of(1005)};",
        key(1005, paid_in_capital_cny=19999999.99),
        1,
    ),
    (
        "3.2.province",
        GUARANTOR,
        "warning",
        f"update {GUARANTOR} set paid_in_capital_cny = 49999999 where guarantor_id in ('CN:G1006', 'CN:G1026');",
        key(1026, province2="32", paid_in_capital_cny=49999999),
        1,
    ),
    ("3.3", QUARTER, "critical", older(1007, "net_assets_cny = 0"), key(1007, period="2026Q1", net_assets_cny=0), 1),
    # cap 10 of 90 million: 80 % are 720, 100 % are 900; old quarters do not count; one that earned 15 times has room
    (
        "3.4",
        QUARTER,
        "warning",
        newest(1008, "weighted_liability_cny = 720000000")
        + newest(1009, "weighted_liability_cny = 719999999")
        + older(1010, "weighted_liability_cny = 9000000000")
        + f"update {GUARANTOR} set leverage_cap = 15 {of(1011)};"
        + newest(1011, "weighted_liability_cny = 899999999")
        + newest(1014, "weighted_liability_cny = 899999999"),
        key(1008, leverage_cap=10),
        2,
    ),
    (
        "3.4.alert",
        QUARTER,
        "warning",
        newest(1012, "weighted_liability_cny = 900000000") + newest(1013, "equity_in_guarantors_cny = 100000000"),
        key(1012, legal_name="担保12有限公司", leverage_cap=10),
        2,
    ),
    (
        "3.5",
        QUARTER,
        "warning",
        newest(1015, "largest_client_cny = 10000001")
        + newest(1016, "largest_client_cny = 10000000, largest_group_cny = 15000000")
        + newest(1017, "largest_group_cny = 16200000"),
        key(1017, group_share=0.162, group_limit=0.15),
        2,
    ),
    # the quarter's last month is the newest of 1018 and 1019; 1020 has reported a later one, 1021 is off in an old one
    (
        "3.6",
        QUARTER,
        "critical",
        f"update {CONTRACT} set balance_amount = 4940000 {of(1018)};"
        f"update {CONTRACT} set balance_amount = 4950000 {of(1019)};"
        f"update {CONTRACT} set balance_amount = 0, report_period = '2026-07' {of(1020)} and contract_no = 'DB-1';"
        + older(1021, "balance_cny = 1"),
        key(1018, period="2026Q2", contracts_cny=49400000),
        1,
    ),
    (
        "3.6.withheld",
        QUARTER,
        "warning",
        f"update {CONTRACT} set report_period = '2026-05' {of(1016)} and contract_no = 'DB-9';"
        "insert into quarantine.guarantee_contract by name select 'guarantor_reports' as src_family,"
        " 'contract' as resource, 'G1016 2026-06 DB-9' as src_record_id, 'unit_unknown' as rule, 'no unit' as reason;",
        key(1016, period="2026Q2", contracts_cny=45000000),
        1,
    ),
    (
        "3.7",
        CONTRACT,
        "critical",
        f"update {CONTRACT} set risk_weight_ratio = 0.7 {of(1022)} and contract_no = 'DB-1';"
        f"update {CONTRACT} set risk_weight_ratio = 0.8 {of(1022)} and contract_no = 'DB-2';",
        {"contract_id": "CN:G1022:1", "risk_weight_ratio": 0.7},
        1,
    ),
    (
        "3.8",
        CONTRACT,
        "critical",
        f"update {CONTRACT} set share_bank_ratio = 0.202 {of(1022)} and contract_no = 'DB-3';"
        f"update {CONTRACT} set share_bank_ratio = 0.201 {of(1022)} and contract_no = 'DB-4';"
        f"update {CONTRACT} set share_guarantor_ratio = 0.5 where contract_id = 'US:SBA:1';",
        {"contract_id": "US:SBA:1", "share_guarantor_ratio": 0.5},
        2,
    ),
    (
        "3.9",
        PAID,
        "critical",
        f"update {PAID} set amount = 6000000.01 {of(1023)}; update {PAID} set paid_on = date '2026-02-28' {of(1024)};"
        f"update {PAID} set contract_id = 'CN:G1025:none' {of(1025)}; update {PAID} set amount = 6000000 {of(1027)};",
        {"compensation_id": "CN:G1023:DC-1", "principal_amount": 6000000},
        3,
    ),
    # the bank bears 20 % of 6 million: 4.8 million in two payments are the most
    (
        "3.9.sum",
        PAID,
        "warning",
        f"update {PAID} set amount = 2400000 where guarantor_id in ('CN:G1028', 'CN:G1029');"
        f"insert into {PAID} select * replace ('again ' || compensation_id as compensation_id, amount + 0.01 as amount)"
        f" from {PAID} {of(1028)};"
        f"insert into {PAID} select * replace ('again ' || compensation_id as compensation_id) from {PAID} {of(1029)};",
        {"contract_id": "CN:G1028:0", "payments": 2, "paid_amount": 4800000.01},
        3,
    ),
    (
        "3.10",
        QUARTER,
        "warning",
        newest(1028, "compensated_period_cny = 1000001")
        + newest(1029, "compensated_period_cny = 1000000")
        + newest(1030, "compensated_period_cny = 1, released_period_cny = 0")
        + newest(1031, "compensated_period_cny = 1, released_period_cny = null")
        + newest(1032, "compensated_period_cny = 0, released_period_cny = 0"),
        key(1030, compensated_period_cny=1, released_period_cny=0),
        3,
    ),
    (
        "3.10.over",
        QUARTER,
        "critical",
        older(1030, "compensated_period_cny = 20000001")
        + older(1031, "compensated_period_cny = 5, released_period_cny = 0"),
        key(1030, period="2026Q1"),
        1,
    ),
    ("3.11", QUARTER, "critical", older(1032, "asset_iii_cny = 30000001"), key(1032, assets_cny=120000000), 1),
    (
        "3.12",
        QUARTER,
        "warning",
        newest(1033, "fee_ratio_avg = 0.031") + newest(1034, "fee_ratio_avg = 0.03"),
        key(1033, fee_ratio_avg=0.031),
        1,
    ),
    ("3.12.slip", QUARTER, "critical", older(1035, "fee_ratio_avg = 0.201"), key(1035, fee_ratio_avg=0.201), 1),
    (
        "3.13",
        CONTRACT,
        "critical",
        f"update {CONTRACT} set client_organization_id = 'CN-G1036' {of(1036)} and contract_no = 'DB-5';"
        f"update {CONTRACT} set client_name = '担保37有限公司' {of(1037)} and contract_no = 'DB-5';",
        {"contract_id": "CN:G1036:5", "guarantor_id": "CN:G1036"},
        2,
    ),
    (
        "3.guarantor",
        QUARTER,
        "warning",
        f"update {GUARANTOR} set status = '吊销' {of(1038)};",
        key(1038, status="吊销", rows=2),
        3,
    ),
    ("3.guarantor", CONTRACT, "warning", f"delete from {GUARANTOR} {of(1039)};", key(1039, status=None, rows=10), 3),
    ("3.guarantor", LINE, "warning", "", key(1039, status=None, rows=2), 3),
    (
        "S11",
        CONTRACT,
        "critical",
        f"update {CONTRACT} set ends_on = date '2100-01-01' {of(1000)} and contract_no = 'DB-9';"
        f"update {CONTRACT} set started_on = date '1977-12-31' {of(1001)} and contract_no = 'DB-9';",
        {"contract_id": "CN:G1000:9", "column": "ends_on", "value": "2100-01-01"},
        2,
    ),
    (
        "S9",
        GUARANTOR,
        "critical",
        f"update {GUARANTOR} set ownership = '外资' {of(1000)};",
        key(1000, column="ownership", value="外资"),
        1,
    ),
]
