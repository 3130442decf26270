"""The checks of codes and what the code lists say: worked numbers of the standards, and real codes."""

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
LISTS += ["reporting_unit", "identifier_scheme", "criterion_field", "eligibility_map", "fi_type_map", "lender_word"]
LISTS += ["lending_rate_map", "product_category_map", "public_guarantor", "sba_status_map"]

Ask = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def codes(dbt: Dbt, new_warehouse: Callable[[], Warehouse]) -> Warehouse:
    """A build file with the code lists, loaded and tested by dbt."""
    warehouse = new_warehouse()
    results = dbt(warehouse.path, "build", "--select", *LISTS, "codes_hold").results
    assert {result.status for result in results} == {"success", "pass"}
    assert len(results) == len(LISTS) + 1
    return warehouse


@pytest.fixture(scope="module")
def ask(dbt: Dbt, codes: Warehouse) -> Ask:
    """Calls a macro, or several, on columns of given rows; returns a value a row, or as many as were called."""

    def call(columns: dict[str, list[Any]], *macros: str) -> list[Any]:
        inline = "select " + ", ".join(f"{{{{ {macro} }}}}" for macro in macros) + " from given order by given.place"
        compiled = dbt(codes.path, "compile", "--inline", inline).results[0].node.compiled_code
        rows = len(next(iter(columns.values())))
        with duckdb.connect(str(codes.path)) as db:
            db.register("given", pa.table({"place": range(rows), **columns}))
            found = db.execute(compiled).fetchall()
        return found if len(macros) > 1 else [value for (value,) in found]

    return call


@pytest.fixture(scope="module")
def rules(dbt: Dbt, codes: Warehouse) -> str:
    """The SQL of the test that looks at all code lists; it gives what is wrong."""
    return str(dbt(codes.path, "compile", "--select", "codes_hold").results[0].node.compiled_code)


def columns_of(rows: list[tuple[Any, ...]], names: str) -> dict[str, list[Any]]:
    """The first values of rows as named columns."""
    return {name: [row[place] for row in rows] for place, name in enumerate(names.split())}


# Identifiers


WORKED: dict[str, dict[str | None, Any]] = {
    "uscc_is_valid": {
        "914403001922038216": True,
        "9144030071526726XG": True,
        "91330106MA27X2XXXX": False,
        "914403001922038217": False,
        "91440300192203821": False,
        "": False,
        None: None,
    },
    "org_code_is_valid": {
        "192203821": True,
        "71526726X": True,
        "71526726-X": True,
        "715267261": False,
        "192203820": False,
        None: None,
    },
    "uscc_repaired": {
        "914403001922038216": "914403001922038216",
        "9I44O3OOI922O382I6": "914403001922038216",
        "9I44O3OOI922O382I7": None,
        "91330106MA27X2XXXX": None,
        None: None,
    },
    "valid_uscc": {
        " ９１４４０３００１９２２０３８２１６": "914403001922038216",
        "9i44o3ooi922o382i6": "914403001922038216",
        "914403001922038217": None,
        "": None,
        None: None,
    },
    "lei_is_valid": {"529900W18LQJJN6SJ336": True, "529900W18LQJJN6SJ363": False, None: None},
    "nfra_code_is_valid": {"B0001H111000001": True, "B0001H199990001": False, "B0001H11100001": False, None: None},
    "code_text": {
        " ９１４４０３００１９２２０３８２１ｘ\u3000": "91440300192203821X",
        "71526726－x": "71526726-X",
        "AA ＋": "AA+",
        " \u3000": None,
        None: None,
    },
    "reporting_unit": {"440305": "4403", "440105": "44", "110101": "11", None: None},
    "excel_serial_date": {
        "45000": date(2023, 3, 15),
        "45000.75": date(2023, 3, 15),
        "61": date(1900, 3, 1),
        "60": None,
        "2958465": date(9999, 12, 31),
        "2958466": None,
        "20230315": None,
        "2023-03-15": None,
        "": None,
        None: None,
    },
}


@pytest.mark.parametrize("macro", WORKED)
def test_worked_values(ask: Ask, macro: str) -> None:
    texts = list(WORKED[macro])
    found = ask({"code": pa.array(texts, pa.string())}, f"{macro}('given.code')")
    assert dict(zip(texts, found, strict=True)) == WORKED[macro]


def test_what_identity_knows_a_mention_by(ask: Ask) -> None:
    """The code where there is a valid one, else the name; abroad the name of a country and, where it helps, a place."""
    rows = [
        ("914403001922038216", "甲公司", "CN", None, "USCC:914403001922038216"),
        (None, "甲公司", "CN", None, "NAME:甲公司"),
        (None, "甲公司", "CN", "深圳", "NAME:甲公司"),
        (None, "ACMEINC", "US", "AUSTIN TX", "NAME:US:ACMEINC|AUSTIN TX"),
        (None, "ALPHABANK", "AU", None, "NAME:AU:ALPHABANK"),
        (None, None, "CN", None, None),
        (None, None, "US", "AUSTIN TX", None),
    ]
    columns = columns_of(rows, "uscc name_key jurisdiction town")
    found = ask(columns, "mention_key('uscc', 'name_key', 'jurisdiction', 'town')")
    assert found == [row[-1] for row in rows]


def check(ask: Ask, macro: str, codes: list[str]) -> list[Any]:
    """What a macro says of each code."""
    return ask({"code": codes}, f"{macro}('given.code')")


def valid_credit_codes() -> list[str]:
    """The real codes that are right."""
    return [row["uscc"] for row in table("uscc_vectors.csv") if row["expected"] == "ok"]


def test_real_credit_codes(ask: Ask) -> None:
    rows = table("uscc_vectors.csv")
    found = check(ask, "uscc_is_valid", [row["uscc"] for row in rows])
    assert (len(rows), sum(found)) == (108, 102)
    assert found == [row["expected"] == "ok" for row in rows]
    within = check(ask, "org_code_is_valid", [row["uscc"][8:17] for row in rows])
    assert within == [row["expected"] != "both_bad" for row in rows]


def test_one_wrong_character_makes_a_credit_code_invalid(ask: Ask) -> None:
    """Every character of every valid code, against every other letter and digit."""
    slips = [
        code[:place] + other + code[place + 1 :]
        for code in valid_credit_codes()
        for place in range(18)
        for other in LETTERS_AND_DIGITS
        if other != code[place]
    ]
    assert len(slips) == 102 * 18 * 35
    assert not any(check(ask, "uscc_is_valid", slips))


def test_a_credit_code_is_repaired_to_itself(ask: Ask) -> None:
    codes = valid_credit_codes()
    assert check(ask, "uscc_repaired", [code.replace("0", "O").replace("1", "I") for code in codes]) == codes


def test_real_bank_codes(ask: Ask) -> None:
    codes = [row["institution_code"] for row in table("nfra_commercial_banks_2025-12-31.csv")]
    assert len(codes) == 203
    assert all(check(ask, "nfra_code_is_valid", codes))


def test_real_leis(ask: Ask) -> None:
    (path,) = ref("../gleif").glob("*lei2*.zip")
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    leis = sorted(set(re.findall(r'"LEI"\s*:\s*\{\s*"\$"\s*:\s*"(\w{20})"', text)))
    assert len(leis) == 577
    assert all(check(ask, "lei_is_valid", leis))
    assert not any(check(ask, "lei_is_valid", [f"{lei[:18]}{(int(lei[18:]) + 1) % 100:02}" for lei in leis]))


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


# What holds of the code lists


@pytest.mark.parametrize(
    ("slip", "problem"),
    [
        ("insert into reference.unit from reference.unit where word = '万元'", "unit: key twice or empty"),
        ("update reference.null_word set word = null where word = '/'", "null_word: key twice or empty"),
        ("insert into reference.fi_type_map from reference.fi_type_map limit 1", "fi_type_map: key twice or empty"),
        ("update reference.public_guarantor set guarantor_id = null", "public_guarantor: key twice or empty"),
        ("update reference.region set valid_to = '2030-01-01' where code = '371202'", None),
        (
            "update reference.region set valid_to = '2030-01-01' where code = '330301' and valid_from = '1980-12-31'",
            "region: two rows of a code on one day, or none",
        ),
        (
            "update reference.region set valid_to = valid_from where code = '371202'",
            "region: two rows of a code on one day, or none",
        ),
        ("update reference.region set parent_code = '449900' where code = '440305'", "region: nothing above it"),
        (
            "update reference.region set province2 = '45' where code = '440305'",
            "region: code, level and province disagree",
        ),
        ("update reference.region set successor_code = '110299' where code = '371202'", "region: successor not there"),
        ("delete from reference.industry where code = '651'", "industry: nothing above it"),
        ("delete from reference.size_threshold where industry_kind = '邮政业'", "industry: measured by no size rule"),
        ("update reference.guarantee_rule set valid_to = null", "guarantee_rule: two rows on one day, or none"),
        (
            "insert into reference.guarantee_rule by name select * replace ('44' as area, 11 as value)"
            " from reference.guarantee_rule where rule = 'leverage_cap'",
            "guarantee_rule: a province laxer than the country, or unknown",
        ),
        (
            "insert into reference.guarantee_rule by name select * replace ('44' as area, 9 as value)"
            " from reference.guarantee_rule where rule = 'leverage_cap'",
            None,
        ),
        (
            "update reference.reporting_unit set reporting_unit = '4402' where reporting_unit = '4403'",
            "reporting_unit: no such region",
        ),
    ],
)
def test_a_slip_in_a_code_list_stops_the_build(codes: Warehouse, rules: str, slip: str, problem: str | None) -> None:
    with duckdb.connect(str(codes.path)) as db:
        db.begin()
        db.execute(slip)
        found = {said for said, _ in db.execute(rules).fetchall()}
        db.rollback()
    assert found == ({problem} if problem else set())


# Sizes, rules and ratings


SIZES: list[tuple[str | None, int | None, int | None, int | None, str]] = [
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
]


def test_size_of_a_company(ask: Ask) -> None:
    """The caller's columns may be called as the table's own."""
    columns = columns_of(SIZES, "industry_kind employees revenue_wan assets_wan")
    found = ask(columns, "size_class('industry_kind', 'employees', 'revenue_wan', 'assets_wan')")
    assert [(*row[:4], size) for row, size in zip(SIZES, found, strict=True)] == SIZES


def test_size_has_rules_from_2011_on(ask: Ask) -> None:
    days = {"day": [date(2011, 6, 17), date(2011, 6, 18)]}
    assert ask(days, """size_class("'工业'", '1000', '40000', 'null', 'day')""") == ["未知", "大型"]


def test_guarantee_rules_of_a_day_and_province(codes: Warehouse, ask: Ask) -> None:
    """A province's own rule goes first; the day decides which rule holds."""
    codes.query("create schema test")
    codes.query("create table test.rules as from reference.guarantee_rule")
    codes.query("""
        insert into test.rules by name
        select * replace ('22' as area, 50000000 as value) from reference.guarantee_rule
        where rule = 'registered_capital_min' and valid_to is null
    """)
    rows = [
        ("22", date(2020, 1, 1), 50000000),
        ("44", date(2020, 1, 1), 20000000),
        (None, date(2020, 1, 1), 20000000),
        ("22", date(2017, 9, 30), 5000000),
        ("22", date(2009, 1, 1), None),
    ]
    asked = """guarantee_rule("'registered_capital_min'", 'area', 'day', 'test.rules')"""
    assert ask(columns_of(rows, "area day"), asked) == [value for _, _, value in rows]


def test_worked_guarantor(ask: Ask) -> None:
    """Net assets 5 亿, stakes 0.5 亿: the table's weights and caps give the worked leverage, headroom and shares."""
    names = ["weight_micro_agri_loan", "weight_other_loan", "weight_bond_aa", "leverage_cap", "leverage_cap_micro_agri"]
    names += ["client_share_max", "client_group_share_max"]
    rules = ask({"name": names}, """guarantee_rule('name', "'44'", "date '2026-06-30'")""")
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


def test_null_words_are_those_of_the_macro(ask: Ask) -> None:
    words = [row["word"] for row in seed("null_word")]
    assert len(words) == 9
    assert ask({"word": words}, "text_or_null('word')") == [None] * 9


def test_units_agree_with_the_macros(ask: Ask) -> None:
    factor = {row["word"]: Decimal(row["factor"]) for row in seed("unit") if row["base"] == "CNY"}
    units = ["元", "千元", "万元", "百万元", "亿元"]
    assert [factor[unit] for unit in units] == [1, 10**3, 10**4, 10**6, 10**8]
    found = ask({"unit": units}, """amount_in_cny("'1'", 'unit')""", """amount_in_cny("'1' || unit")""")
    assert found == [(factor[unit], factor[unit]) for unit in units]


AMOUNTS = [
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
    ("12.345", "元", Decimal("12.35"), Decimal("12.35"), "CNY", "exact"),
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
]


def test_amounts_in_words(ask: Ask) -> None:
    """Text and the unit of its table; the bounds, the currency and the kind."""
    said = ["amount_low('text', 'unit')", "amount_high('text', 'unit')", "amount_currency('text', 'unit')"]
    found = ask(columns_of(AMOUNTS, "text unit"), *said, "amount_kind('text')", "amount_in_cny('text', 'unit')")
    assert [(*row[:2], *values[:4]) for row, values in zip(AMOUNTS, found, strict=True)] == AMOUNTS
    assert [values[4] for values in found] == [
        low if kind == "exact" and currency == "CNY" else None for _, _, low, _, currency, kind in AMOUNTS
    ]


DATES = [
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
]


def test_dates_in_words(ask: Ask) -> None:
    found = ask(columns_of(DATES, "text"), "date_in_words('text')", "date_precision('text')")
    assert [(row[0], *values) for row, values in zip(DATES, found, strict=True)] == DATES
