"""Three nights of banks in little: lists, branches, products, penalties, as their sources say them."""

import json
from datetime import date
from typing import Any

NIGHTS = [date(2026, 7, 13), date(2026, 7, 14), date(2026, 7, 16)]
BANK, OTHER, GONE = "B0001H111000001", "B0002H111000001", "B0003H111000001"

Row = dict[str, Any]
Said = dict[str, list[Row]]


def listed(code: str, period: str, **more: Any) -> Row:
    """A row of the regulator's list."""
    name = f"{code[4]}号银行股份有限公司"
    row = {"中文全称": name, "英文全称": f"Bank {code[4]}", "机构编码": code, "机构类型": "民营银行"}
    return {"sender": "nfra", "period": period, **row, **more}


def branch(number: int, period: str = "2026Q1", **more: Any) -> Row:
    """A row of the list of branches of BANK."""
    return {
        "sender": BANK,
        "period": period,
        "机构编码": f"B0001S23201{number:04}",
        "机构名称": f"南京{number}支行",
        "行政区划代码": "320105",
        "科技支行": "是",
        "状态": "在业",
        **more,
    }


def elsewhere(number: int, period: str = "2026Q1", **more: Any) -> Row:
    """A row of the list of branches of OTHER."""
    return branch(number, period, **{"sender": OTHER, "机构编码": f"B0002S23201{number:04}", **more})


def product(number: str, **more: Any) -> Row:
    """A product of BANK in the platform's feed."""
    hard = {"subject": "credit", "field": "revenue", "op": "≥", "value": "1000", "unit": "万元", "hard": True}
    return {
        "institution_code": BANK,
        "product_id": number,
        "product_name": f"科创贷{number}",
        "category": "信用贷款",
        "target": "企业",
        "limit_max": "500",
        "limit_unit": "万元",
        "rate_min": "0.035",
        "rate_max": "0.045",
        "status": "published",
        "criteria": json.dumps([hard], ensure_ascii=False),
        **more,
    }


def abroad(brand: str, number: str, **more: Any) -> Row:
    """A product of an Australian brand."""
    return {
        "brand_id": brand,
        "productId": number,
        "productCategory": "BUSINESS_LOANS",
        "name": f"Loan {number}",
        "lendingRates": json.dumps([{"lendingRateType": "VARIABLE", "rate": "0.08"}]),
        **more,
    }


def penalty(number: str, **more: Any) -> Row:
    """A decision against the bank of code OTHER."""
    return {
        "doc_id": number,
        "party_no": "1",
        "item_id": "4113",
        "decision_no": f"甲罚〔2026〕{number}号",
        "party_name": "2号银行股份有限公司",
        "violation": "贷款三查不到位",
        "decision": "罚款20万元",
        "decided_on": "2026年6月20日",
        "published_on": "2026-06-25",
        **more,
    }


REMOVED = {"_change": "removed"}
CHANGED = {"_change": "changed"}

FIRST: Said = {
    "nfra_institutions__institution": [
        *(listed(code, "2025-12-31") for code in (BANK, OTHER, GONE)),
        listed("B0004H111000001", "2025-12-31", 机构类型="太空银行"),
    ],
    "bank_branches__branch": [
        *(branch(1), branch(2), branch(3, 科技支行="也许"), branch(4, 状态="装修")),
        *(elsewhere(5), elsewhere(6)),
    ],
    "bank_products__product": [
        *(product(number) for number in ("P1", "P2", "P3")),
        product("P4", rate_max="4.5"),
        product("P5", target="个人"),
    ],
    "cdr__brand": [
        {"brand_id": "b1", "brand_name": "Brand 1", "holder_name": "Big Bank", "abn": "33007457141"},
        {"brand_id": "b2", "brand_name": "Brand 2", "holder_name": "Big Bank", "abn": "33007457141"},
    ],
    "cdr__product": [abroad("b1", "same id"), abroad("b2", "same id"), abroad("b1", "other")],
    "nfra_penalties__penalty": [
        penalty("1"),
        penalty("2", party_name="9号银行股份有限公司南京分行"),
        penalty("3", party_name="张某某"),
    ],
}
# A new list without GONE, a late one of long ago, a new quarter of branches without the second, products that change.
SECOND: Said = {
    "nfra_institutions__institution": [
        listed(BANK, "2026-06-30"),
        listed(OTHER, "2026-06-30", 中文全称="9号银行股份有限公司南京分行"),
        listed(BANK, "2024-12-31", 中文全称="旧名银行股份有限公司"),
    ],
    "bank_branches__branch": [branch(1, "2026Q2", 机构名称="南京新1支行"), elsewhere(5, "2026Q2")],
    "bank_products__product": [
        product("P1", updated_at="2026-07-14", **CHANGED),
        product("P2", rate_max="0.04", **CHANGED),
        product("P3", category="月光贷", **CHANGED),
        product("P4", rate_max="4.5", **REMOVED),
    ],
    "cdr__product": [abroad("b1", "other", **REMOVED)],
}
# Corrections of an old period, two codes of another bank in a list, a product that comes back, one that is mended, a
# decision taken back.
THIRD: Said = {
    "nfra_institutions__institution": [listed(GONE, "2025-12-31", 中文全称="三号银行股份有限公司", **CHANGED)],
    "bank_branches__branch": [
        *(branch(2, 机构名称="南京旧2支行", **CHANGED), branch(3, **CHANGED)),
        *(elsewhere(number, "2026Q2", sender=BANK) for number in (5, 6)),
    ],
    "bank_products__product": [product("P3", limit_max="300", **CHANGED), product("P4")],
    "nfra_penalties__penalty": [penalty("2", party_name="9号银行股份有限公司南京分行", **REMOVED)],
}
SAID = dict(zip(NIGHTS, (FIRST, SECOND, THIRD), strict=True))
