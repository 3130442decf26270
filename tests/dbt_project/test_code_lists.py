"""Regions and industries, as of every day of which a public list is kept."""

import json
from collections import Counter
from datetime import date

import pytest
from code_lists import ref, table
from listing_world import seed

REGIONS = seed("region")

# The kept lists of regions: the day, the kinds of regions they hold, how many, and their files.
DIVISIONS, ALL = {"division"}, {"division", "grouping", "zone"}
REGION_LISTS = [
    (date(1980, 12, 31), DIVISIONS, 3106, "gb2260/mca_198012.tsv"),
    (date(1997, 12, 31), DIVISIONS, 3225, "gb2260/mca_199712.tsv"),
    (date(2002, 12, 31), ALL, 3510, "gb2260/stats_200212.tsv"),
    (date(2007, 12, 31), ALL, 3524, "gb2260/200712.tsv"),
    (date(2018, 10, 31), ALL, 3659, "gb2260/stats_201810.tsv"),
    (date(2019, 4, 30), DIVISIONS, 3219, "gb2260/mca_201904.tsv"),
]


def as_of(day: date, kinds: set[str]) -> dict[str, str]:
    """The regions of some kinds that stood on a day, code to name."""
    rows = [
        (row["code"], row["name"])
        for row in REGIONS
        if row["kind"] in kinds and row["valid_from"] <= str(day) < (row["valid_to"] or "9999-12-31")
    ]
    assert len(dict(rows)) == len(rows)
    return dict(rows)


@pytest.mark.parametrize(("day", "kinds", "count", "path"), REGION_LISTS)
def test_regions_of_a_day_are_as_many_as_its_list(day: date, kinds: set[str], count: int, path: str) -> None:
    assert len(as_of(day, kinds)) == count, path


@pytest.mark.parametrize(("day", "kinds", "count", "path"), REGION_LISTS)
def test_regions_of_a_day_are_those_of_its_list(day: date, kinds: set[str], count: int, path: str) -> None:
    listed = {row["Code"]: row["Name"] for row in table(path)}
    truth = json.loads(ref("../truth.json").read_bytes())["ref"]
    assert len(listed) == truth[path] == count
    assert as_of(day, kinds) == listed


def test_regions_of_2023() -> None:
    """A prefecture without counties (东莞, 中山, 儋州) stands in the list of counties too."""
    regions = as_of(date(2023, 6, 30), ALL)
    regions = {code: name for code, name in regions.items() if code[:2] not in ("71", "81", "82")}
    provinces = {code for code in regions if code.endswith("0000")}
    prefectures = {code for code in regions if code.endswith("00")} - provinces
    counties = set(regions) - provinces - prefectures
    alone = {code for code in prefectures if not any(county[:4] == code[:4] for county in counties)}
    assert (len(provinces), len(prefectures), len(counties | alone)) == (31, 342, 2978)
    folder = "admin_divisions_2023"
    files = [table(f"{folder}/{name}.csv") for name in ("provinces", "cities", "areas")]
    assert regions == {row["code"].ljust(6, "0"): row["name"] for rows in files for row in rows}


def test_what_changed_from_1997_to_2019() -> None:
    before, after = (as_of(day, DIVISIONS) for day in (date(1997, 12, 31), date(2019, 4, 30)))
    kept = before.keys() & after.keys()
    renamed = [code for code in kept if before[code] != after[code]]
    assert (len(before.keys() - kept), len(after.keys() - kept), len(renamed)) == (1000, 994, 67)


@pytest.mark.parametrize(
    ("code", "last", "successor"),
    [
        ("130282", "1997-12-31", "130207"),  # 丰南市, a district since 2002
        ("452130", "1997-12-31", "451424"),  # 大新县, out of 南宁地区 into 崇左市
        ("452701", "1997-12-31", ""),  # 河池市, now called 金城江区
        ("469025", "2002-12-31", "469021"),  # 定安县, when the counties of 海南 were numbered anew
        ("622629", "2002-12-31", "621228"),  # 两当县, when 陇南地区 became a city
        ("512081", "2007-12-31", "510185"),  # 简阳市, from 资阳 to 成都
        ("542228", "2007-12-31", "540527"),  # 洛扎县, when 山南地区 became a city
        ("350403", "2019-04-30", "350404"),  # 三元区, with 梅列区
        ("330103", "2019-04-30", ""),  # 下城区, merged into 拱墅区
    ],
)
def test_a_region_goes_on_under_its_successor(code: str, last: str, successor: str) -> None:
    """As the notices of change say."""
    rows = [row for row in REGIONS if row["code"] == code and row["ended_after"] == last]
    assert [row["successor_code"] for row in rows] == [successor]


def test_industries_are_those_of_the_standard() -> None:
    industries = seed("industry")
    counts = Counter(row["level"] for row in industries)
    assert counts == {"门类": 20, "大类": 97, "中类": 473, "小类": 1381}
    listed = table("gbt4754_2017.csv")
    assert len(listed) == json.loads(ref("../truth.json").read_bytes())["ref"]["gbt4754_2017.csv"] == 1971
    columns = ("code", "parent_code", "section")
    assert {tuple(row[column] for column in columns) for row in industries} == {
        tuple(row[column] for column in columns) for row in listed
    }
    named = {row["code"]: row["name"].strip() for row in listed}
    # The kept copy cuts one name off.
    assert [row["code"] for row in industries if row["name"] != named[row["code"]]] == ["37"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("0111", "农林牧渔"),
        ("C", "工业"),
        ("591", "交通运输业"),
        ("592", "仓储业"),
        ("59", ""),
        ("642", "信息传输业"),
        ("6513", "软件和信息技术服务业"),
        ("7010", "房地产开发经营"),
        ("7020", "物业管理"),
        ("M", "其他未列明行业"),
        ("531", ""),
        ("J", ""),
    ],
)
def test_size_rules_of_an_industry(code: str, kind: str) -> None:
    assert [row["size_kind"] for row in seed("industry") if row["code"] == code] == [kind]
