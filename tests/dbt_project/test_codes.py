"""The checks of codes and the rules of the code lists: worked numbers of the standards, real codes where they are at hand."""

import gzip
import json
import re
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from code_lists import ref, table
from listing_build import Dbt, Warehouse
from listing_world import seed

LETTERS_AND_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LISTS = ["region", "industry", "unit", "null_word", "rating_scale", "guarantee_rule", "size_threshold"]
LISTS += ["reporting_unit", "identifier_scheme"]

Compute = Callable[..., list[Any]]
Check = Callable[[str, list[str]], list[Any]]


def literal(value: str | None) -> str:
    """A SQL text as a macro takes it."""
    return "null" if value is None else "'" + value.replace("'", "''") + "'"


@pytest.fixture(scope="module")
def codes(dbt: Dbt, new_warehouse: Callable[[], Warehouse]) -> Warehouse:
    """A build file with the code lists, loaded and tested by dbt."""
    warehouse = new_warehouse()
    results = dbt(warehouse.path, "build", "--select", *LISTS, "codes_hold").results
    assert {result.status for result in results} == {"success", "pass"}
    assert len(results) == len(LISTS) + 1
    return warehouse


@pytest.fixture(scope="module")
def compute(dbt: Dbt, codes: Warehouse) -> Compute:
    """Calls macros, each given as its name and its arguments in SQL, on one row."""

    def call(*calls: tuple[str, *tuple[str, ...]]) -> list[Any]:
        said = [f"{{{{ {name}({', '.join(json.dumps(argument) for argument in given)}) }}}}" for name, *given in calls]
        inline = "select " + ", ".join(said)
        compiled = dbt(codes.path, "compile", "--inline", inline).results[0].node.compiled_code
        return list(codes.query(compiled)[0])

    return call


@pytest.fixture(scope="module")
def check(dbt: Dbt, codes: Warehouse) -> Check:
    """Calls a macro of one column on many texts."""

    def call(macro: str, texts: list[str]) -> list[Any]:
        inline = f"select {{{{ {macro}('given.code') }}}} from given order by place"
        compiled = dbt(codes.path, "compile", "--inline", inline).results[0].node.compiled_code
        with duckdb.connect(str(codes.path)) as db:
            db.register("given", pa.table({"place": range(len(texts)), "code": texts}))
            return [value for (value,) in db.execute(compiled).fetchall()]

    return call


# Identifiers


def test_worked_codes(compute: Compute) -> None:
    worked: list[tuple[tuple[str, str], Any]] = [
        (("uscc_is_valid", "914403001922038216"), True),
        (("uscc_is_valid", "9144030071526726XG"), True),
        (("uscc_is_valid", "91330106MA27X2XXXX"), False),
        (("uscc_is_valid", "914403001922038217"), False),
        (("uscc_is_valid", "91440300192203821"), False),
        (("uscc_is_valid", ""), False),
        (("org_code_is_valid", "192203821"), True),
        (("org_code_is_valid", "71526726X"), True),
        (("org_code_is_valid", "71526726-X"), True),
        (("org_code_is_valid", "715267261"), False),
        (("org_code_is_valid", "192203820"), False),
        (("uscc_repaired", "914403001922038216"), "914403001922038216"),
        (("uscc_repaired", "9I44O3OOI922O382I6"), "914403001922038216"),
        (("uscc_repaired", "9I44O3OOI922O382I7"), None),
        (("uscc_repaired", "91330106MA27X2XXXX"), None),
        (("lei_is_valid", "529900W18LQJJN6SJ336"), True),
        (("lei_is_valid", "529900W18LQJJN6SJ363"), False),
        (("nfra_code_is_valid", "B0001H111000001"), True),
        (("nfra_code_is_valid", "B0001H199990001"), False),
        (("nfra_code_is_valid", "B0001H11100001"), False),
        (("code_text", " ９１４４０３００１９２２０３８２１ｘ\u3000"), "91440300192203821X"),
        (("code_text", "71526726－x"), "71526726-X"),
        (("code_text", "AA ＋"), "AA+"),
        (("code_text", " \u3000"), None),
        (("reporting_unit", "440305"), "4403"),
        (("reporting_unit", "440105"), "44"),
    ]
    assert compute(*((macro, literal(code)) for (macro, code), _ in worked)) == [value for _, value in worked]


@pytest.mark.parametrize(
    "macro", ["uscc_is_valid", "org_code_is_valid", "lei_is_valid", "nfra_code_is_valid", "uscc_repaired", "code_text"]
)
def test_nothing_is_neither_valid_nor_invalid(compute: Compute, macro: str) -> None:
    assert compute((macro, "cast(null as varchar)")) == [None]


def test_real_credit_codes(check: Check) -> None:
    rows = table("uscc_vectors.csv")
    found = check("uscc_is_valid", [row["uscc"] for row in rows])
    assert (len(rows), sum(found)) == (108, 102)
    assert found == [row["expected"] == "ok" for row in rows]
    within = check("org_code_is_valid", [row["uscc"][8:17] for row in rows])
    assert within == [row["expected"] != "both_bad" for row in rows]


def test_one_wrong_character_makes_a_credit_code_invalid(check: Check) -> None:
    """Every character of every valid code, against every other letter and digit."""
    valid = [row["uscc"] for row in table("uscc_vectors.csv") if row["expected"] == "ok"]
    slips = [
        code[:place] + other + code[place + 1 :]
        for code in valid
        for place in range(18)
        for other in LETTERS_AND_DIGITS
        if other != code[place]
    ]
    assert len(slips) == 102 * 18 * 35
    assert not any(check("uscc_is_valid", slips))


def test_a_credit_code_is_repaired_to_itself(check: Check) -> None:
    valid = [row["uscc"] for row in table("uscc_vectors.csv") if row["expected"] == "ok"]
    assert check("uscc_repaired", [code.replace("0", "O").replace("1", "I") for code in valid]) == valid


def test_real_bank_codes(check: Check) -> None:
    rows = [row["institution_code"] for row in table("nfra_commercial_banks_2025-12-31.csv")]
    assert len(rows) == 203
    assert all(check("nfra_code_is_valid", rows))


def test_real_leis(check: Check) -> None:
    (path,) = ref("../gleif").glob("*lei2*.zip")
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    leis = sorted(set(re.findall(r'"LEI"\s*:\s*\{\s*"\$"\s*:\s*"(\w{20})"', text)))
    assert len(leis) == 577
    assert all(check("lei_is_valid", leis))
    assert not any(check("lei_is_valid", [f"{lei[:18]}{(int(lei[18:]) + 1) % 100:02}" for lei in leis]))


def test_every_scheme_reads_its_real_numbers() -> None:
    pattern = {row["id_type"]: re.compile(row["pattern"]) for row in seed("identifier_scheme")}
    samples = {
        "USCC": "9144030071526726XG",
        "ORGCODE9": "71526726X",
        "LEI": "529900W18LQJJN6SJ336",
        "NFRA15": "B0001H111000001",
        "AMAC_P": "P1000302",
        "GR_CERT": "GR202132001234",
        "CIK": "0001997711",
    }
    for scheme, number in samples.items():
        assert pattern[scheme].fullmatch(number), scheme
        assert not pattern[scheme].fullmatch(number[:-1]), scheme
    for number in ("600000", "688981", "000001", "301001", "920002", "430047", "835185"):
        assert pattern["STOCK"].fullmatch(number), number
    assert not pattern["STOCK"].fullmatch("700001")


@pytest.mark.parametrize(
    ("source", "column", "scheme"),
    [("sse", "stockAuditNum", "SSE_AUDIT"), ("szse", "prjid", "SZSE_PRJ"), ("bse", "id", "BSE_PRJ")],
)
def test_the_numbers_of_the_exchanges(source: str, column: str, scheme: str) -> None:
    newest = max(ref(f"../{source}").glob("*.json.gz"))
    pattern = next(row["pattern"] for row in seed("identifier_scheme") if row["id_type"] == scheme)
    numbers = {str(row[column]) for row in json.loads(gzip.decompress(newest.read_bytes()))}
    assert len(numbers) > 800
    assert not [number for number in numbers if not re.fullmatch(pattern, number)]


# Sizes, rules and ratings


@pytest.mark.parametrize(
    ("kind", "employees", "revenue", "assets", "size"),
    [
        ("工业", 1000, 40000, None, "大型"),
        ("工业", 1200, 30000, None, "中型"),
        ("工业", 300, 2000, None, "中型"),
        ("工业", 299, 5000, None, "小型"),
        ("工业", 20, 300, None, "小型"),
        ("工业", 19, 5000, None, "微型"),
        ("工业", 20, None, None, "未知"),
        ("软件和信息技术服务业", 300, 10000, None, "大型"),
        ("软件和信息技术服务业", 299, 50000, None, "中型"),
        ("软件和信息技术服务业", 100, 999, None, "小型"),
        ("软件和信息技术服务业", 9, 800, None, "微型"),
        ("其他未列明行业", 299, None, None, "中型"),
        ("其他未列明行业", 300, None, None, "大型"),
        ("农林牧渔", None, 19999, None, "中型"),
        ("建筑业", 10, 80000, 79999, "中型"),
        ("建筑业", None, 80000, None, "未知"),
        ("租赁和商务服务业", 99, None, 120000, "小型"),
        ("金融业", 10, 10, 10, "未知"),
        (None, 10, 10, 10, "未知"),
    ],
)
def test_size_of_a_company(
    compute: Compute, kind: str | None, employees: int | None, revenue: int | None, assets: int | None, size: str
) -> None:
    figures = ["null" if figure is None else str(figure) for figure in (employees, revenue, assets)]
    assert compute(("size_class", literal(kind), *figures)) == [size]


def test_size_has_rules_from_2011_on(compute: Compute) -> None:
    given = ("size_class", "'工业'", "1000", "40000", "null")
    assert compute((*given, "date '2011-06-17'"), (*given, "date '2011-06-18'")) == ["未知", "大型"]


def test_guarantee_rules_of_a_day_and_province(codes: Warehouse, compute: Compute) -> None:
    """A province's own rule goes first; the day decides which rule holds."""
    codes.query("create schema test")
    codes.query("create table test.rules as from reference.guarantee_rule")
    codes.query(
        "insert into test.rules by name select * replace ('22' as area, 50000000 as value)"
        " from reference.guarantee_rule where rule = 'registered_capital_min' and valid_to is null"
    )
    asked = [
        ("'22'", "2020-01-01"),
        ("'44'", "2020-01-01"),
        ("'22'", "2017-09-30"),
        ("null", "2020-01-01"),
        ("'22'", "2009-01-01"),
    ]
    found = compute(
        *(
            ("guarantee_rule", "'registered_capital_min'", province, f"date '{day}'", "test.rules")
            for province, day in asked
        )
    )
    assert found == [50000000, 20000000, 5000000, 20000000, None]
    assert compute(("guarantee_rule", "'leverage_cap'", "'11'", "date '2026-01-01'")) == [10]


def test_worked_guarantor(compute: Compute) -> None:
    """Net assets 5 亿, stakes 0.5 亿; the weights and caps of the table give the worked leverage and headroom."""
    names = ["weight_micro_agri_loan", "weight_other_loan", "weight_bond_aa", "leverage_cap", "leverage_cap_micro_agri"]
    names += ["client_share_max", "client_group_share_max"]
    rules = compute(*(("guarantee_rule", literal(name), "'44'", "date '2026-06-30'") for name in names))
    micro, other, bond, cap, higher_cap, client, group = rules
    weighted = 30 * micro + 10 * other + 12 * bond
    leverage = weighted / Decimal("4.5")
    assert weighted == Decimal("42.1")
    assert round(leverage, 2) == Decimal("9.36")
    assert (round(leverage / cap, 3), round(leverage / higher_cap, 3)) == (Decimal("0.936"), Decimal("0.624"))
    assert cap * Decimal("4.5") - weighted == Decimal("2.9")
    assert Decimal("0.46") / 5 <= client
    assert Decimal("0.81") / 5 > group


def test_ratings_stand_in_order() -> None:
    rows = seed("rating_scale")
    long = {row["rating"]: int(row["ordinal"]) for row in rows if row["term"] == "long"}
    assert (long["AAA"], long["AA+"], long["AA"], long["BBB-"], long["C"], long["D"]) == (21, 20, 19, 12, 3, 1)
    short = [row["rating"] for row in sorted(rows, key=lambda row: int(row["ordinal"])) if row["term"] == "short"]
    assert short == ["D", "C", "B", "A-3", "A-2", "A-1"]


# Words


def test_null_words_are_those_of_the_macro(compute: Compute) -> None:
    words = [row["word"] for row in seed("null_word")]
    assert len(words) == 9
    assert compute(*(("text_or_null", literal(word)) for word in words)) == [None] * 9


def test_units_agree_with_the_macros(compute: Compute) -> None:
    factor = {row["word"]: Decimal(row["factor"]) for row in seed("unit") if row["base"] == "CNY"}
    assert (factor["元"], factor["万元"], factor["亿元"]) == (1, 10**4, 10**8)
    units = ["元", "千元", "万元", "百万元", "亿元"]
    assert compute(*(("amount_in_cny", "'1'", literal(unit)) for unit in units)) == [factor[unit] for unit in units]
    assert compute(*(("amount_in_cny", literal(f"1{unit}")) for unit in units)) == [factor[unit] for unit in units]


@pytest.mark.parametrize(
    ("text", "unit", "low", "high", "currency", "kind"),
    [
        ("3000万人民币", None, 3 * 10**7, 3 * 10**7, "CNY", "exact"),
        ("数千万人民币", None, 10**7, 10**8, "CNY", "range"),
        ("亿级", None, 10**8, 10**9, None, "range"),
        ("1.5亿", None, 15 * 10**7, 15 * 10**7, None, "exact"),
        ("未透露美元", None, None, None, "USD", "undisclosed"),
        ("5,000 万元", None, 5 * 10**7, 5 * 10**7, "CNY", "exact"),
        ("５，０００万元人民币", None, 5 * 10**7, 5 * 10**7, "CNY", "exact"),
        ("500万美元", "万元", 5 * 10**6, 5 * 10**6, "USD", "exact"),
        ("壹仟万元整", None, 10**7, 10**7, "CNY", "exact"),
        ("一亿二千零五万元", None, 12005 * 10**4, 12005 * 10**4, "CNY", "exact"),
        ("44.2629", "亿元", 4426290000, 4426290000, "CNY", "exact"),
        ("-12.5", "万元", -125000, -125000, "CNY", "exact"),
        ("5000元", "万元", 5000, 5000, "CNY", "exact"),
        ("五百", "万元", 5 * 10**6, 5 * 10**6, "CNY", "exact"),
        ("1234", None, 1234, 1234, None, "exact"),
        ("五万三", "元", None, None, None, None),
        ("千万", "元", None, None, None, None),
        ("500万韩元", "万元", None, None, None, None),
        ("约3000万", "元", None, None, None, None),
        ("1.2.3", "元", None, None, None, None),
        ("999999999999999万亿元", None, None, None, "CNY", None),
        ("", "元", None, None, None, None),
        (None, "元", None, None, None, None),
    ],
)
def test_amounts_in_words(
    compute: Compute, text: str | None, unit: str | None, low: int | None, high: int | None, currency: str, kind: str
) -> None:
    said, stated = literal(text), literal(unit)
    in_cny = low if kind == "exact" and currency == "CNY" else None
    found = compute(
        ("amount_low", said, stated),
        ("amount_high", said, stated),
        ("amount_currency", said, stated),
        ("amount_kind", said),
        ("amount_in_cny", said, stated),
    )
    assert found == [low, high, currency, kind, in_cny]


@pytest.mark.parametrize(
    ("text", "day", "precision"),
    [
        ("2011-03", date(2011, 3, 1), "month"),
        ("2015年6月", date(2015, 6, 1), "month"),
        ("2025年6月20日", date(2025, 6, 20), "day"),
        ("2025/6/2", date(2025, 6, 2), "day"),
        ("20250620", date(2025, 6, 20), "day"),
        ("2026-07-13 00:00:00", date(2026, 7, 13), "day"),
        ("2015", date(2015, 1, 1), "year"),
        (" 长期 ", date(9999, 12, 31), "unlimited"),
        ("2026-02-30", None, None),
        ("45000", None, None),
        ("--", None, None),
        (None, None, None),
    ],
)
def test_dates_in_words(compute: Compute, text: str | None, day: date | None, precision: str | None) -> None:
    assert compute(("date_in_words", literal(text)), ("date_precision", literal(text))) == [day, precision]


def test_excel_dates(compute: Compute) -> None:
    worked = {"45000": date(2023, 3, 15), "45000.75": date(2023, 3, 15), "61": date(1900, 3, 1), "60": None}
    worked |= {"2958465": date(9999, 12, 31), "2958466": None, "20230315": None, "2023-03-15": None, "": None}
    assert compute(*(("excel_serial_date", literal(text)) for text in worked)) == list(worked.values())
