"""What spoils the financial institutions of a sound release, rule by rule.

Each is (rule, table, severity, SQL, a row of the sample, how many).
"""

from typing import Any

INSTITUTION, BRANCH = "financial_institutions.institution", "financial_institutions.branch"
PRODUCT, CRITERION = "financial_institutions.product", "financial_institutions.product_criterion"
PENALTY = "financial_institutions.penalty"

Spoilt = tuple[str, str, str, str, dict[str, Any], int]


def bank(number: int) -> str:
    return f"CN:B{number}H320000001"


def product(number: int) -> str:
    """Its product_id; three to a bank, from 2000 on of the Australian brand."""
    return f"AU:brand:{number}" if number >= 2000 else f"{bank(1000 + (number - 1000) // 3)}:{number}"


def change(number: int, to: str, table: str = PRODUCT) -> str:
    return f"update {table} set {to} where product_id = '{product(number)}';"


def key(number: int, **more: Any) -> dict[str, Any]:
    return {"product_id": product(number), "version": 1, **more}


# What is wrong with the newest list shows in all of its rows, so a list of another day is a sickness of its own.
LATER_LIST = f"""
    update {INSTITUTION} set list_as_of = date '2026-06-30' where jurisdiction = 'CN';
    update {INSTITUTION} set licence_status = '注销', list_as_of = date '2025-12-31'
    where institution_id = (select min(institution_id) from {INSTITUTION} where fi_type = '民营');
    update {PRODUCT} set status = 'withdrawn', is_current = false;
"""
LATER: list[Spoilt] = [
    ("1.2.change", INSTITUTION, "warning", LATER_LIST, {"fi_type": "民营", "found": 18, "expected": 19}, 1),
]

LENDING: list[Spoilt] = [
    (
        "1.1",
        INSTITUTION,
        "critical",
        f"update {INSTITUTION} set nfra_code = 'B1001H320000001' where institution_id = '{bank(1002)}';"
        f"update {INSTITUTION} set nfra_code = 'B1003' where institution_id = '{bank(1003)}';",
        {"institution_id": bank(1001), "nfra_code": "B1001H320000001"},
        3,
    ),
    (
        "1.2",
        INSTITUTION,
        "critical",
        f"update {INSTITUTION} set fi_type = '城商行' where legal_name like '股份制0%';",
        {"fi_type": "股份制", "found": 11, "expected": 12},
        1,
    ),
    (
        "1.3",
        PRODUCT,
        "critical",
        change(1010, "limit_min_amount = 6000000")
        + change(1011, "limit_max_amount = 0")
        + change(1012, "limit_max_amount = 1000000000.01")
        + change(1013, "limit_max_amount = null")
        + change(1014, "limit_min_amount = -1"),
        key(1012, limit_max_amount=1000000000.01),
        5,
    ),
    (
        "1.4",
        PRODUCT,
        "critical",
        change(1015, "rate_max = 0.2401")
        + change(1016, "rate_min = 0.05")
        + change(1017, "rate_min = -0.01")
        + change(2000, "rate_max = 1.01"),
        key(2000, rate_max=1.01),
        4,
    ),
    ("1.4.high", PRODUCT, "warning", change(1018, "rate_max = 0.1001"), key(1018, rate_max=0.1001), 2),
    (
        "1.4.slip",
        PRODUCT,
        "warning",
        change(2001, "rate_flag = 'percent_slip', rate_min = null, rate_max = null, rate_raw = '14.95'"),
        key(2001, rate_flag="percent_slip", rate_raw="14.95"),
        1,
    ),
    (
        "1.5",
        PRODUCT,
        "critical",
        change(1019, "term_max_months = 361")
        + change(1020, "term_min_months = 0")
        + change(1021, "term_min_months = 37"),
        key(1019, term_max_months=361),
        3,
    ),
    (
        "1.6",
        PRODUCT,
        "critical",
        f"update {PRODUCT} set institution_id = 'AU:gone' where product_id = '{product(2002)}';"
        f"update {INSTITUTION} set licence_status = '注销' where institution_id = '{bank(1008)}';"
        f"delete from {INSTITUTION} where institution_id = '{bank(1007)}';"
        "insert into quarantine.financial_institution by name select 'nfra_institutions' as src_family,"
        " 'institution' as resource, 'nfra 2025-12-31 B1007H320000001' as src_record_id, 'code_invalid' as rule,"
        " 'in words' as reason;",
        key(2002, institution_id="AU:gone"),
        4,
    ),
    (
        "1.7",
        CRITERION,
        "critical",
        change(1022, "field = 'shoe_size'", CRITERION)
        + change(1023, "value = '一千'", CRITERION)
        + change(1024, "unit = '人'", CRITERION)
        + change(1025, "unit = null", CRITERION)
        + change(1026, "subject = null, field = null, op = null", CRITERION)
        + change(1027, "value = null", CRITERION)
        + change(1028, "unit = '斤'", CRITERION),
        key(1022, seq=1, field="shoe_size"),
        7,
    ),
    (
        "1.8",
        PRODUCT,
        "warning",
        change(1029, "reviewed_on = date '2025-07-14'")
        + change(1030, "reviewed_on = null, stated_from = date '2024-01-01'"),
        key(1029, reviewed_on="2025-07-14"),
        2,
    ),
    (
        "1.9",
        PRODUCT,
        "warning",
        f"delete from {CRITERION} where product_id = '{product(1031)}';" + change(1032, "is_hard = false", CRITERION),
        key(1031),
        2,
    ),
    (
        "1.10",
        BRANCH,
        "critical",
        f"update {BRANCH} set parent_branch_id = 'CN:B1000S320109999' where branch_id = 'CN:B1000S320101007';"
        f"update {BRANCH} set parent_branch_id = 'CN:B1000S320108888' where branch_id = 'CN:B1000S320101008';"
        f"update {BRANCH} set institution_id = 'CN:B9999H320000001' where branch_id = 'CN:B1000S320101009';"
        "insert into quarantine.bank_branch by name select 'bank_branches' as src_family, 'branch' as resource,"
        " 'B1000H320000001 2026Q2 B1000S320108888' as src_record_id, 'delivery_fault' as rule, 'in words' as reason;",
        {"branch_id": "CN:B1000S320101007", "parent_branch_id": "CN:B1000S320109999"},
        2,
    ),
    (
        "1.11",
        BRANCH,
        "warning",
        f"update {BRANCH} set branch_name = '城西1支行' where right(branch_id, 4) in ('1010', '1011');"
        f"update {BRANCH} set city_unit = '3202' where branch_id = 'CN:B1000S320101011';",
        {"branch_id": "CN:B1000S320101001", "branch_name": "城西1支行"},
        2,
    ),
    (
        "1.12",
        PENALTY,
        "critical",
        f"update {PENALTY} set party_name = '张某某' where penalty_id = '1:1';"
        f"update {PENALTY} set decision_text = '对该行罚款20万元；对李某某警告' where penalty_id = '2:1';"
        f"update {PENALTY} set decision_text = '对李某某警告并罚款5万元' where penalty_id = '3:1';"
        f"update {PENALTY} set party_name = '张某（时任甲银行某支行行长）' where penalty_id = '4:1';",
        {"penalty_id": "3:1"},
        3,
    ),
]
