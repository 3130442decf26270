"""Real lists through the real models: NFRA's banks of 2025-12-31, and Australian products of two stored days."""

import csv
import json
import tarfile
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from code_lists import ref
from listing_build import Dbt
from raw_schema import specs
from record_build import Records

# The stored days, and the nights on which they are read here: the list of banks is younger than they are.
NIGHTS = {"2024-04-14": date(2026, 7, 13), "2024-04-15": date(2026, 7, 14)}
Row = dict[str, Any]


def banks() -> list[Row]:
    """The 203 commercial banks of NFRA's list of 2025-12-31."""
    with ref("nfra_commercial_banks_2025-12-31.csv").open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    return [
        {
            "sender": "nfra",
            "period": "2025-12-31",
            "中文全称": row["name"],
            "机构编码": row["institution_code"],
            "机构类型": row["institution_type"],
        }
        for row in listed
    ]


def australia(day: str) -> dict[str, list[Row]]:
    """Brands and products of a stored day, as an extractor would tell them: details where there are, else the list."""
    with tarfile.open(ref(f"../cdr/{day}.tar.gz")) as archive:
        files = {entry.name: archive.extractfile(entry) for entry in archive if entry.isfile()}
        read = {name: file.read() for name, file in files.items() if file}
    brands = json.loads(read["brands/brands.json"])
    register = [
        {"brand_id": brand, "brand_name": told["brandName"], "abn": told.get("abn")} for brand, told in brands.items()
    ]
    products = {
        (brand, listed["productId"]): listed | _detail(read.get(f"brands/product/{brand}/{listed['productId']}.json"))
        for brand in brands
        for listed in _listed(read.get(f"brands/products/{brand}.json"))
    }
    kept = specs()["cdr"].resources["product"].kept
    rows = [
        {name: _text({**told, "brand_id": brand, "productId": number}.get(name)) for name in kept}
        for (brand, number), told in products.items()
    ]
    return {"cdr__brand": register, "cdr__product": rows}


def _listed(answer: bytes | None) -> Iterator[Row]:
    document = json.loads(answer) if answer else {}
    data = document.get("data") if isinstance(document, dict) else None
    yield from data.get("products", []) if isinstance(data, dict) else []


def _detail(answer: bytes | None) -> Row:
    told = json.loads(answer) if answer else {}
    return told.get("data") or {}


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def changed(before: list[Row], after: list[Row]) -> list[Row]:
    """What the change log says of the second of two lists."""
    old = {(row["brand_id"], row["productId"]): row for row in before}
    new = {(row["brand_id"], row["productId"]): row for row in after}
    rows = [row if key not in old else row | {"_change": "changed"} for key, row in new.items() if old.get(key) != row]
    return rows + [row | {"_change": "removed"} for key, row in old.items() if key not in new]


@pytest.fixture(scope="module")
def real(dbt: Dbt, tmp_path_factory: pytest.TempPathFactory) -> Records:
    """Two nights: a day of Australia each, and NFRA's list on the first."""
    first, second = (australia(day) for day in NIGHTS)
    records = Records(tmp_path_factory.mktemp("real"), dbt)
    records.night(NIGHTS["2024-04-14"], first | {"nfra_institutions__institution": banks()})
    records.night(NIGHTS["2024-04-15"], {"cdr__product": changed(first["cdr__product"], second["cdr__product"])})
    return records


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    """The figures counted from the stored files."""
    told: dict[str, Any] = json.loads(ref("../truth.json").read_bytes())["cdr"]["dates"]
    return told


def as_of(what: str, day: str) -> str:
    """A query on the Australian products as they stood on the night of a stored day."""
    night = NIGHTS[day]
    return f"""
        select {what} from financial_institutions.product
        where jurisdiction = 'AU' and status = 'published' and valid_from <= date '{night}'
            and (valid_to is null or valid_to > date '{night}')
    """


def test_every_bank_of_the_list_is_there(real: Records) -> None:
    """6 state-owned, 12 joint-stock and 19 private banks among 203."""
    found = real.query("""
        select fi_type, count(*) from financial_institutions.institution
        where jurisdiction = 'CN' and licence_status = '在业' and list_as_of = date '2025-12-31'
        group by fi_type
    """)
    counts = {"国有大型": 6, "股份制": 12, "民营": 19, "城商行": 123, "外资法人": 41, "住房储蓄": 1, "直销": 1}
    assert dict(found) == counts
    assert sum(counts.values()) == 203


@pytest.mark.parametrize(("day", "loans"), [("2024-04-14", 390), ("2024-04-15", 396)])
def test_every_product_is_there_on_its_day(real: Records, truth: dict[str, Any], day: str, loans: int) -> None:
    """One a brand and product id. One business loan of the lists is another thing by its own detail, which counts."""
    assert real.query(as_of("count(*)", day)) == [(truth[day]["distinct_brand_product"],)]
    assert truth[day]["by_category"]["BUSINESS_LOANS"] == loans
    assert real.query(as_of("count(*) filter (category_raw = 'BUSINESS_LOANS')", day)) == [(loans - 1,)]


def test_a_day_brings_new_products_and_takes_none(real: Records) -> None:
    """66 more; what is there goes on in the version it had, unless something that is published changed."""
    new = as_of("count(*) filter (version = 1 and valid_from = date '2026-07-14')", "2024-04-15")
    assert real.query(new) == [(66,)]
    assert real.query("select count(*) from financial_institutions.product where status = 'withdrawn'") == [(0,)]
    rewritten = real.query("""
        select count(*) from financial_institutions.product as later
        join financial_institutions.product as earlier using (product_id)
        where later.version = earlier.version + 1 and later.row_hash = earlier.row_hash
    """)
    assert rewritten == [(0,)]


def test_nothing_real_is_withheld(real: Records) -> None:
    for entity in ("financial_institution", "financial_product"):
        assert real.query(f"select rule, reason from quarantine.{entity}") == []


def test_real_slips_are_flagged_and_not_read(real: Records) -> None:
    """A rate of 18 or 14.95 is a percent slip, an empty one no number; no limit of 0 or of nines is shown."""
    flagged = "rate_flag, count(*), count(rate_min), list(distinct rate_raw order by rate_raw)[1]"
    found = real.query(as_of(flagged, "2024-04-14") + " and rate_flag is not null group by rate_flag order by 1")
    assert found == [("percent_slip", 5, 0, "14.95"), ("unreadable", 3, 0, "0.0835, 0.1043")]
    unusable = "regexp_matches(limit_raw, 'MAX_LIMIT (0|0.00|9999999999.99)$')"
    shown = as_of("count(*), count(limit_max_amount), min(dq_status)", "2024-04-14") + f" and ({unusable})"
    assert real.query(shown) == [(12, 0, "warn")]
