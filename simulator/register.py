"""The company register of the simulated economy: code, seat and group of every company, by its number alone."""

import numpy as np
from numpy.typing import NDArray

from simulator.companies import CAPACITY, Companies, Numbers, scatter
from simulator.regions import PLACE_CITIES, districts
from simulator.uscc import usccs
from simulator.vocabulary import BRAND_FIRST, BRAND_LAST

_GROUP_SIZE = 5
_GROUPED_SHARE = 12  # of 100 companies belong to a group
INVENTED = 70_000_000
"""Where the numbers of companies begin that only a fault has invented."""


class Register:
    """What the register says of the companies; the same for everybody who asks."""

    def __init__(self, companies: Companies) -> None:
        self.companies = companies

    def usccs(self, numbers: Numbers) -> list[str]:
        """Unified social credit codes; no two companies share one."""
        return usccs(self.regions(numbers), np.where(numbers < 0, INVENTED - numbers, numbers))

    def regions(self, numbers: Numbers) -> list[str]:
        """Six digits of the district each company is registered in."""
        return districts(self.companies.places(numbers), numbers, 11)

    def reporting_units(self, numbers: Numbers) -> list[str]:
        """The unit that reports on each company: its province, or its city where that reports separately."""
        return [PLACE_CITIES[place].reporting_unit for place in self.companies.places(numbers)]

    def groups(self, numbers: Numbers) -> NDArray[np.int64]:
        """The group each company belongs to, -1 for none; a group has two to five neighbours by number."""
        group = numbers.astype(np.int64) // _GROUP_SIZE
        return np.where(scatter(group, 12, 100) < _GROUPED_SHARE, group, -1)

    @staticmethod
    def group_names(groups: Numbers) -> list[str]:
        """What guarantors call a group; empty for none."""
        firsts = scatter(groups, 13, len(BRAND_FIRST)).tolist()
        lasts = scatter(groups, 14, len(BRAND_LAST)).tolist()
        return [
            f"{BRAND_FIRST[first]}{BRAND_LAST[last]}系{group % CAPACITY}" if group >= 0 else ""
            for group, first, last in zip(groups.tolist(), firsts, lasts, strict=True)
        ]
