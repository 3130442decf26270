"""Lenders and guarantors of one world, put together: where every other module finds them."""

from functools import cached_property

from simulator.lending.banks import Banks
from simulator.lending.products import Products
from simulator.register import Register
from simulator.world import World


class Lending:
    """The banks, guarantors and products that belong to a world; each is made when first asked for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.register = Register(world.companies)

    @cached_property
    def banks(self) -> Banks:
        """Licensed institutions and branches."""
        return Banks(self.world.seed)

    @cached_property
    def products(self) -> Products:
        """What the participating banks offer."""
        return Products(self.banks, self.world.begin)
