"""The company register of the simulated economy: code and seat of every company, by its number alone."""

import numpy as np

from simulator.companies import Companies, Numbers
from simulator.regions import PLACE_CITIES, districts
from simulator.uscc import usccs

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
