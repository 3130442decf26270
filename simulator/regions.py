"""Where things sit: cities with districts of today and districts that are gone (GB/T 2260), and reporting units.

Districts stand both in the table of the Ministry of Civil Affairs of April 2019 and in that of 2023; the retired ones
stood in a table of 1997, 2007 or 2019 and stand in none of 2023.
"""

from functools import cache
from typing import NamedTuple

from simulator.companies import Numbers, scatter
from simulator.vocabulary import PLACES


class City(NamedTuple):
    """A prefecture by its four digits, the last two digits of some districts, and the names in PLACES that mean it."""

    code: str
    name: str
    district_tails: str
    retired_tails: str
    places: str

    @property
    def districts(self) -> list[str]:
        """Codes of districts that exist."""
        return [self.code + tail for tail in self.district_tails.split()]

    @property
    def retired(self) -> list[str]:
        """Codes of districts that no longer exist."""
        return [self.code + tail for tail in self.retired_tails.split()]

    @property
    def reporting_unit(self) -> str:
        """Two digits of the province, or four of a city that reports separately from it (计划单列市)."""
        return self.code if self.code in SEPARATE_UNITS else self.code[:2]


SEPARATE_UNITS = frozenset({"2102", "3302", "3502", "3702", "4403"})

CITIES = (
    City("1101", "北京市", "01 02 05 06 07 08", "03 04", "北京"),
    City("1201", "天津市", "01 02 03 04 05 06", "07 08 09", "天津"),
    City("1301", "石家庄市", "02 04 05 07 08 09", "03 06 24", "河北 石家庄"),
    City("1306", "保定市", "02 06 07 08 09 23", "03 04 21", "保定"),
    City("2101", "沈阳市", "02 03 04 05 06 11", "22", "辽宁 沈阳"),
    City("2102", "大连市", "02 03 04 11 12 13", "82", "大连"),
    City("2201", "长春市", "02 03 04 05 06 12", "81", "长春"),
    City("2301", "哈尔滨市", "02 03 04 08 09 10", "05 06 07", "哈尔滨"),
    City("3101", "上海市", "01 04 05 06 07 09", "02 03 08", "上海"),
    City("3201", "南京市", "02 04 05 06 11 13", "03 07 12", "江苏 南京"),
    City("3202", "无锡市", "05 06 11 13 14 81", "02 03 04", "无锡"),
    City("3204", "常州市", "02 04 11 12 13 81", "05 82 83", "常州"),
    City("3205", "苏州市", "05 06 07 08 09 81", "02 03 04", "苏州 昆山"),
    City("3206", "南通市", "12 23 81 82 85", "02 11 21", "南通"),
    City("3301", "杭州市", "02 05 06 08 09 10", "03 04 81", "浙江 杭州"),
    City("3302", "宁波市", "03 05 06 11 12 13", "04 27 83", "宁波"),
    City("3303", "温州市", "02 03 04 05 24 26", "22", "温州"),
    City("3304", "嘉兴市", "02 11 21 24 81 82", "", "嘉兴"),
    City("3306", "绍兴市", "02 03 04 24 81 83", "21 82", "绍兴"),
    City("3310", "台州市", "02 03 04 22 23 24", "21", "台州"),
    City("3401", "合肥市", "02 03 04 11 21 22", "", "安徽 合肥"),
    City("3402", "芜湖市", "02 07 23", "03 04 05", "芜湖"),
    City("3411", "滁州市", "02 03 22 24 25 26", "", "滁州"),
    City("3501", "福州市", "02 03 04 05 11 12", "82", "福建 福州"),
    City("3502", "厦门市", "03 05 06 11 12 13", "02 04", "厦门"),
    City("3505", "泉州市", "02 03 04 05 21 24", "", "泉州"),
    City("3601", "南昌市", "02 03 04 11 12 21", "05 22", "江西 南昌"),
    City("3607", "赣州市", "02 03 04 22 23 24", "21 27 82", "赣州"),
    City("3701", "济南市", "02 03 04 05 12 13", "23 25 81", "山东 济南"),
    City("3702", "青岛市", "02 03 11 12 13 14", "05 82 84", "青岛"),
    City("3703", "淄博市", "02 03 04 05 06 21", "", "淄博"),
    City("3706", "烟台市", "02 11 12 13 81 82", "34 84", "烟台"),
    City("3707", "潍坊市", "02 03 04 05 24 25", "", "潍坊"),
    City("4101", "郑州市", "02 03 04 05 06 08", "", "河南 郑州"),
    City("4103", "洛阳市", "02 03 04 05 11 23", "06 22 81", "洛阳"),
    City("4201", "武汉市", "02 03 04 05 06 07", "23 24", "湖北 武汉"),
    City("4205", "宜昌市", "02 03 04 05 06 25", "21", "宜昌"),
    City("4206", "襄阳市", "02 06 07 24 25 26", "21", "襄阳"),
    City("4301", "长沙市", "02 03 04 05 11 12", "22 24", "湖南 长沙"),
    City("4302", "株洲市", "02 03 04 11 12 23", "21", "株洲"),
    City("4401", "广州市", "03 04 05 06 11 12", "02 07 16", "广东 广州"),
    City("4403", "深圳市", "03 04 05 06 07 08", "", "深圳市"),
    City("4404", "珠海市", "02 03 04", "21", "珠海"),
    City("4406", "佛山市", "04 05 06 07 08", "02 03 81", "佛山"),
    City("4413", "惠州市", "02 03 22 23 24", "81", "惠州"),
    City("4419", "东莞市", "00", "", "东莞"),
    City("5001", "重庆市", "01 02 03 04 05 06", "81 82 83", "重庆"),
    City("5101", "成都市", "04 05 06 07 08 12", "22 23 24", "四川 成都"),
    City("5107", "绵阳市", "03 04 05 22 23 25", "24", "绵阳"),
    City("6101", "西安市", "02 03 04 11 12 13", "21 25 26", "陕西 西安"),
    City("6501", "乌鲁木齐市", "02 03 04 05 06 07", "08", "新疆"),
)

_BY_PLACE = {place: city for city in CITIES for place in city.places.split()}
PLACE_CITIES: tuple[City, ...] = tuple(_BY_PLACE[place.name] for place in PLACES)
"""The city of each of PLACES."""

UNITS = tuple(sorted({city.reporting_unit for city in CITIES}))
"""Reporting units: provinces, and the cities that report separately."""

PROVINCES = {
    "11": "北京市",
    "12": "天津市",
    "13": "河北省",
    "21": "辽宁省",
    "22": "吉林省",
    "23": "黑龙江省",
    "31": "上海市",
    "32": "江苏省",
    "33": "浙江省",
    "34": "安徽省",
    "35": "福建省",
    "36": "江西省",
    "37": "山东省",
    "41": "河南省",
    "42": "湖北省",
    "43": "湖南省",
    "44": "广东省",
    "50": "重庆市",
    "51": "四川省",
    "61": "陕西省",
    "65": "新疆维吾尔自治区",
}


@cache
def cities_of(unit: str) -> tuple[City, ...]:
    """The cities that report to a unit."""
    return tuple(city for city in CITIES if city.reporting_unit == unit)


def districts(places: list[int], numbers: Numbers, salt: int) -> list[str]:
    """Six digits of a district for every number that sits in one of PLACES."""
    draws = scatter(numbers, salt, 60).tolist()
    return [_district(place, draw) for place, draw in zip(places, draws, strict=True)]


@cache
def _district(place: int, draw: int) -> str:
    codes = PLACE_CITIES[place].districts
    return codes[draw % len(codes)]
