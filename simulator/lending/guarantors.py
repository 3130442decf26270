"""Licensed guarantee institutions: where they sit, what the provincial lists say of them, whom they work with."""

import datetime as dt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.companies import Companies, Numbers, scatter
from simulator.lending.banks import draw
from simulator.regions import PLACE_CITIES, PROVINCES, UNITS, City, cities_of
from simulator.uscc import usccs
from simulator.vocabulary import BRAND_FIRST, BRAND_LAST, PEOPLE

LISTS = (dt.date(2026, 3, 31), dt.date(2026, 6, 30))
"""The dates of the provincial lists; each replaces the one before, province by province."""

_NUMBERS_BEGIN = 50_000_000  # of the codes, beyond those of companies
_SHORT = {
    code: name.removesuffix("市").removesuffix("省").removesuffix("维吾尔自治区") for code, name in PROVINCES.items()
}
_LICENCE_SIGNS = dict(
    zip(PROVINCES, "京津冀辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤渝川陕新", strict=True),
)
_OWNERSHIPS = ("政府性", "国有", "民营", "混合", "政府性")
_RATINGS = "AABBBCCD"


class Guarantor(NamedTuple):
    """A licensed guarantee institution. `first_list`, `closed_list`: rows of LISTS; a closed one is listed as 注销."""

    number: int
    uscc: str
    name: str
    city: City
    region6: str
    licence_no: str
    licence_from: dt.date
    licence_to: dt.date
    ownership: str
    kind: str
    rating: str
    legal_person: str
    phone: str
    reports: bool
    first_list: int
    closed_list: int | None

    @property
    def reporting_unit(self) -> str:
        """Two digits of the province or four of a city that reports separately."""
        return self.city.reporting_unit

    def status_at(self, listed: int) -> str:
        """在业 or 注销 in one of LISTS."""
        return "注销" if self.closed_list is not None and self.closed_list <= listed else "在业"


class Guarantors:
    """All guarantors under one seed, and by number: what kind of business they do."""

    def __init__(self, seed: int, size: int) -> None:
        self.seed = seed
        self.all: list[Guarantor] = []
        self._reporting: dict[str, list[int]] = {}
        places = [city.reporting_unit for city in PLACE_CITIES]
        wanted = min(max(size // 200, 18), 1200)
        for unit in UNITS:
            # Where there are few companies no guarantor takes part; those of another unit serve them.
            count = max(1, round(wanted * places.count(unit) / len(places))) if places.count(unit) > 1 else 0
            self._reporting[unit] = [len(self.all) + row for row in range(count)]
            # One more that does not report: a re-guarantor where there is a list of its own, else too small.
            for row in range(count + 1):
                self.all.append(self._guarantor(len(self.all), unit, row == count, alone=count == 0))
        numbers = np.arange(len(self.all))
        self.serves_small = np.isin(numbers % 4, (1,)) | np.array([g.kind == "农担" for g in self.all])
        self.has_large_client = numbers % 9 == 2
        self.has_large_group = numbers % 9 == 4

    def _guarantor(self, number: int, unit: str, silent: bool, alone: bool) -> Guarantor:
        (city_row, first, last, district, ownership, rating, person, phone, age, kind) = draw(
            self.seed, number, 501, 100, len(BRAND_FIRST), len(BRAND_LAST), 60, 5, 8, len(PEOPLE), 10**8, 1500, 100
        )
        cities = cities_of(unit)
        city = cities[city_row % len(cities)]
        region = city.districts[district % len(city.districts)]
        place = city.name.removesuffix("市") if len(unit) == 4 else _SHORT[unit]
        again = silent and unit in {"32", "44"}
        farm = kind < 8 and not silent
        business = "融资再担保" if again else "农业融资担保" if farm else "融资担保"
        # The number is written in the brand, so that no two share a name.
        brand = BRAND_FIRST[first] + BRAND_LAST[last] + BRAND_FIRST[number % len(BRAND_FIRST)]
        started = dt.date(2022, 1, 1) + dt.timedelta(days=age % 1200)
        return Guarantor(
            number=number,
            uscc=usccs([region], np.array([_NUMBERS_BEGIN + number]))[0],
            name=f"{brand}{business}（{place}）有限公司" if number % 7 == 3 else f"{place}{brand}{business}有限公司",
            city=city,
            region6=region,
            licence_no=f"{_LICENCE_SIGNS[unit[:2]]}{city.code}A{number:05}",
            licence_from=started,
            licence_to=started + dt.timedelta(days=5 * 365),
            ownership="政府性" if farm or again else _OWNERSHIPS[ownership],
            kind="再担保" if again else "农担" if farm else "直保",
            rating=_RATINGS[rating],
            legal_person=PEOPLE[person],
            phone=f"139{phone:08}",
            reports=not silent,
            first_list=1 if silent and not again and not alone and number % 5 < 2 else 0,
            closed_list=1 if silent and not again and number % 5 == 3 else None,
        )

    @property
    def reporting(self) -> list[Guarantor]:
        """Those that report to the platform."""
        return [guarantor for guarantor in self.all if guarantor.reports]

    def listed(self, unit: str, listed: int) -> list[Guarantor]:
        """The institutions in a reporting unit's list."""
        return [g for g in self.all if g.reporting_unit == unit and g.first_list <= listed]

    def chosen(self, companies: Companies, clients: Numbers, draws: NDArray[np.int64]) -> NDArray[np.int64]:
        """Who guarantees each contract: mostly the client's own guarantor, else another of its reporting unit."""
        serving = [unit for unit in UNITS if self._reporting[unit]]
        own_unit = [city.reporting_unit for city in PLACE_CITIES]
        served_by = [name if name in serving else serving[at % len(serving)] for at, name in enumerate(own_unit)]
        unit = np.array([UNITS.index(name) for name in served_by])[companies.places(clients)]
        firsts = np.array([self._reporting[name][0] if name in serving else 0 for name in UNITS])[unit]
        counts = np.array([len(self._reporting[name]) for name in UNITS])[unit]
        own = scatter(clients.astype(np.int64), self.seed + 531, 2**30)
        return np.asarray(firsts + np.where(draws % 10 < 7, own, draws // 10) % counts)

    def banks_of(self, guarantors: NDArray[np.int64], draws: NDArray[np.int64]) -> NDArray[np.int64]:
        """One of the banks each guarantor works with, by index into Banks.partners."""
        return self.bank_at(guarantors, draws % self.bank_count(guarantors))

    def bank_count(self, guarantors: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many banks each guarantor works with: three to seven."""
        return 3 + scatter(guarantors, self.seed + 532, 5)

    def bank_at(self, guarantors: NDArray[np.int64], slot: NDArray[np.int64]) -> NDArray[np.int64]:
        """The bank in a slot of a guarantor's; slots hold different banks, for 5 and 7 are coprime to their number."""
        stride = np.where(guarantors % 2 == 0, 5, 7)
        return np.asarray((scatter(guarantors, self.seed + 533, _PARTNERS) + slot * stride) % _PARTNERS)

    def shares(self, guarantors: NDArray[np.int64], banks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Percent of the risk of guarantor, bank and re-guarantor, by pair of guarantor and bank; they sum to 100."""
        return _SHARES[scatter(guarantors * 100 + banks, self.seed + 534, len(_SHARES))]


_PARTNERS = 24
_SHARES = np.array(
    [(80, 20, 0), (40, 20, 40), (60, 20, 20), (70, 30, 0), (40, 20, 40), (80, 20, 0), (90, 10, 0), (85, 15, 0)]
)
