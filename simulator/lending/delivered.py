"""What stands after the deliveries of all nights so far: by part, the file that speaks for it."""

import datetime as dt
from collections.abc import Iterator
from functools import cached_property

from simulator.lending.dirt import RETIRED_REGION, Injection
from simulator.lending.drop import Prepared, prepare
from simulator.lending.economy import Lending
from simulator.lending.files import Cell, cell_text
from simulator.lending.schedule import Delivery, Part, Schedule

Record = dict[str, Cell]


class Delivered:
    """The state of the deliveries on a night."""

    def __init__(self, lending: Lending, night: dt.date, schedule: Schedule | None = None) -> None:
        self.lending, self.night = lending, night
        self.schedule = schedule or Schedule(lending)
        self.all = self.schedule.until(night)

    @cached_property
    def prepared(self) -> dict[Delivery, Prepared]:
        """Every delivery so far with its rows and dirt."""
        return {delivery: prepare(self.lending, delivery) for delivery in self.all}

    @cached_property
    def standing(self) -> dict[Part, Delivery]:
        """The delivery that speaks for each part, in order of the parts' first deliveries."""
        found: dict[Part, Delivery] = {}
        for delivery in self.all:
            if delivery.status == "loaded":
                found[delivery.part] = delivery
            elif delivery.status == "withdrawn":
                found.pop(delivery.part, None)
        return found

    def records(self, source: str, resource: str) -> Iterator[tuple[Part, Record]]:
        """The rows that stand and are not withheld, clean, by period: the newest one last."""
        parts = [part for part in self.standing if (part.source, part.resource) == (source, resource)]
        for part in sorted(parts, key=lambda part: (part.period, part.sender)):
            told = self.prepared[self.standing[part]]
            names = [column.name for column in told.table.columns]
            withheld, kept = told.withheld, _kept_as_written(told)
            for row in told.table.rows:
                record = dict(zip(names, row, strict=True))
                key = cell_text(record[told.table.key])
                if key not in withheld:
                    yield part, record | kept.get(key, {})

    def newest(self, source: str, resource: str, *key: str) -> dict[tuple[Cell, ...], tuple[Part, Record]]:
        """The record of the newest period by key; `sender` in a key is the sender of the file."""
        found: dict[tuple[Cell, ...], tuple[Part, Record]] = {}
        for part, record in self.records(source, resource):
            found[tuple(part.sender if name == "sender" else record[name] for name in key)] = (part, record)
        return found

    @property
    def injections(self) -> list[Injection]:
        """All dirt in all files so far."""
        return [injection for told in self.prepared.values() for injection in told.injections]


def _kept_as_written(told: Prepared) -> dict[str, Record]:
    """Dirt that nobody can tell from what was meant: by key of the row, the values that stand all the same."""
    found: dict[str, Record] = {}
    for injection in told.injections:
        if injection.kind == RETIRED_REGION and injection.row_key and injection.column:
            found.setdefault(injection.row_key, {})[injection.column] = injection.written
    return found
