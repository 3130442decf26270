"""What the three exchanges have in common: the list of the night, its filters, and the faults that change records."""

from abc import abstractmethod
from collections.abc import Iterable

import numpy as np
import orjson
from numpy.typing import NDArray

from simulator.exchanges.listing import Listing, Listings
from simulator.messages import Institution, Request
from simulator.world import Projects, World

Mask = NDArray[np.bool_]
Positions = NDArray[np.intp] | None
"""Positions in a list that pass the filters of a request, in the order asked for; None for the list as it stands."""

UTC_OFFSET = 8 * 3600  # seconds


class Exchange(Institution):
    """An exchange that publishes its review projects as one paged list."""

    code: int
    required: str  # the column that `drift-drop` takes away

    def __init__(self, world: World) -> None:
        self.world = world
        self.companies = world.companies
        self._listings = Listings(world, self.code, self.render)

    @abstractmethod
    def records(self, projects: Projects) -> Iterable[dict[str, object]]:
        """Each project as the exchange publishes it."""

    def render(self, projects: Projects) -> list[bytes]:
        """Each project as one JSON object."""
        # Copied, because what orjson returns holds on to several times the memory it needs.
        return [bytes(memoryview(orjson.dumps(record))) for record in self.records(projects)]

    def listing(self, request: Request) -> Listing:
        """The list this request looks at."""
        return self._listings.get(request.night, request.shapes, request.inserted)

    def window(
        self, request: Request, listing: Listing, chosen: Positions, start: int, stop: int
    ) -> tuple[bytes, int, int]:
        """The rows of one page joined by commas, how many rows there are in all, how many the site says there are."""
        rows = listing.rows(start, stop, chosen)
        if "drift-add" in request.shapes:
            rows = [row[:-1] + b',"upstreamExtra":"new column"}' for row in rows]
        if "drift-drop" in request.shapes:
            rows = [_without(row, self.required) for row in rows]
        total = len(listing) if chosen is None else len(chosen)
        return b",".join(rows), total, total + 7 * ("bad-total" in request.shapes)

    def named(self, listing: Listing, word: str) -> Mask:
        """Which projects belong to a company whose name contains a word."""
        return np.array([word in name for name in self.companies.names(listing.projects["company"])], bool)


def passing(masks: list[Mask]) -> Positions:
    """The positions that pass every filter."""
    return np.flatnonzero(np.logical_and.reduce(masks)) if masks else None


def _without(row: bytes, column: str) -> bytes:
    record = orjson.loads(row)
    del record[column]
    return orjson.dumps(record)
