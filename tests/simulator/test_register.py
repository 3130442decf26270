"""What the register says of every company: codes that pass both checks, districts that exist."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest

from simulator.companies import Companies
from simulator.regions import CITIES, PLACE_CITIES, SEPARATE_UNITS, UNITS
from simulator.register import Register
from simulator.uscc import spoiled, usccs
from simulator.vocabulary import PLACES

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def passes(code: str) -> bool:
    """Both check digits, written out from GB 32100-2015 and GB 11714 apart from the code under test."""
    if not re.fullmatch(rf"[{ALPHABET}]{{18}}", code):
        return False
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    total = sum(ALPHABET.index(c) * w for c, w in zip(code, weights, strict=False))
    inner = sum(int(c, 36) * w for c, w in zip(code[8:16], (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    check = {10: "X", 11: "0"}.get(11 - inner % 11, str(11 - inner % 11))
    return code[17] == ALPHABET[(31 - total % 31) % 31] and code[16] == check


@pytest.mark.parametrize(
    ("code", "good"),
    [
        ("914403001922038216", True),  # worked: sum 831, organisation code 164
        ("9144030071526726XG", True),  # worked: sum 1782, organisation code 199
        ("91330106MA27X2XXXX", False),  # a placeholder that only looks like a code
    ],
)
def test_the_rule_gives_the_worked_numbers(code: str, good: bool) -> None:
    assert passes(code) == good


def test_every_company_has_a_valid_code_of_its_own() -> None:
    numbers = np.arange(-50, 20_000)
    codes = Register(Companies(3)).usccs(numbers)
    assert [code for code in codes if not passes(code)] == []
    assert len(set(codes)) == len(codes)


def test_old_and_new_organisation_codes_occur() -> None:
    """About three of ten companies were registered when organisation codes had digits only."""
    codes = usccs(["320105"] * 1000, np.arange(1000))
    old = sum(code[8:16].isdigit() for code in codes)
    assert 250 < old < 350
    assert all(code[8:10] == "MA" for code in codes if not code[8:16].isdigit())


def test_a_spoiled_code_fails_and_no_single_repair_mends_it() -> None:
    for code in usccs(["110101"] * 200, np.arange(200)):
        bad = spoiled(code)
        assert not passes(bad)
        assert not any(passes(bad[:i] + {"O": "0", "I": "1"}.get(c, c) + bad[i + 1 :]) for i, c in enumerate(bad))


def test_a_company_lies_where_its_name_says() -> None:
    companies = Companies(3)
    numbers = np.arange(2000)
    for region, place in zip(Register(companies).regions(numbers), companies.places(numbers), strict=True):
        assert region in PLACE_CITIES[place].districts


def test_districts_of_today_and_retired_ones_are_apart() -> None:
    today = {code for city in CITIES for code in city.districts}
    assert not today & {code for city in CITIES for code in city.retired}
    assert set(UNITS) >= SEPARATE_UNITS
    assert len(PLACE_CITIES) == len(PLACES)


def test_districts_are_those_of_the_reference_table() -> None:
    """The simulator's districts are in force in the code list that the pipeline ships; the retired ones are not."""
    seed = Path(__file__).parents[2] / "dbt_project" / "seeds" / "reference" / "region.csv"
    with seed.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    current = {row["code"] for row in rows if not row["valid_to"]}
    assert {c for city in CITIES for c in city.districts} <= current
    assert not {c for city in CITIES for c in city.retired} & current
