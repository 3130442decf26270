"""Lenders and guarantors of one world, put together: where every other module finds them."""

from functools import cached_property

from simulator.companies import Companies
from simulator.lending.banks import Banks
from simulator.lending.contracts import Book
from simulator.lending.guarantors import Guarantors
from simulator.lending.penalties import Penalties
from simulator.lending.products import Products
from simulator.lending.quarters import Quarters
from simulator.register import Register
from simulator.world import World


class Lending:
    """The banks, products, guarantors and contracts that belong to a world; each is made when first asked for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.companies: Companies = world.companies
        self.register = Register(world.companies)

    @cached_property
    def banks(self) -> Banks:
        """Licensed institutions and branches."""
        return Banks(self.world.seed)

    @cached_property
    def products(self) -> Products:
        """What the participating banks offer."""
        return Products(self.banks, self.world.begin)

    @cached_property
    def penalties(self) -> Penalties:
        """The regulator's penalty decisions."""
        return Penalties(self.banks)

    @cached_property
    def guarantors(self) -> Guarantors:
        """Licensed guarantee institutions."""
        return Guarantors(self.world.seed, self.world.size)

    @cached_property
    def book(self) -> Book:
        """All guarantee contracts."""
        return Book(self.world, self.guarantors)

    @cached_property
    def quarters(self) -> Quarters:
        """The guarantors' quarterly figures."""
        return Quarters(self.book)
