"""Files in the inbox: what the institutions deliver on a night, written as each of them writes."""

import datetime as dt
from pathlib import Path
from typing import NamedTuple

from simulator.lending import tables
from simulator.lending.calendar import month_end, quarter_end_month
from simulator.lending.dirt import Fate, Injection, file_injections, inject
from simulator.lending.economy import Lending
from simulator.lending.files import Cell, digest, json_bytes
from simulator.lending.layout import Style, converted, file_name, laid_out, style_of
from simulator.lending.schedule import FIRST_MONTH, Delivery, Event, Schedule
from simulator.lending.tables import Table

MANIFEST = ".manifest.json"
"""What is added to the name of a file for the name of its manifest."""

_PROVED = {"contract", "bank_cooperation"}
"""Resources whose files come with a manifest: where one is required, and some that have one all the same."""
_LIE = 7


class Prepared(NamedTuple):
    """A delivery before it is written: clean rows in 元, the same rows in the sender's units and with their dirt."""

    delivery: Delivery
    file_name: str
    style: Style
    table: Table
    rows: list[list[Cell]]
    injections: list[Injection]

    @property
    def withheld(self) -> set[str]:
        """Keys of the rows that end in quarantine."""
        return {told.row_key for told in self.injections if told.row_key and told.fate is Fate.QUARANTINED}


class Written(NamedTuple):
    """A delivery as files: name → content, how many rows its table has, and the dirt in it."""

    delivery: Delivery
    file_name: str
    files: dict[str, bytes]
    rows: int
    injections: list[Injection]


def drop(lending: Lending, night: dt.date, inbox: Path, schedule: Schedule | None = None) -> list[Written]:
    """Write the files that arrive on a night into `inbox/<source>/`; tell what was written.

    The same night gives the same bytes.
    """
    done = []
    for delivery in (schedule or Schedule(lending)).on(night):
        written = write(lending, delivery)
        folder = inbox / delivery.part.source
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in written.files.items():
            (folder / name).write_bytes(content)
        done.append(written)
    return done


def write(lending: Lending, delivery: Delivery) -> Written:
    """A delivery as the bytes of its files."""
    told = prepare(lending, delivery)
    part, name = delivery.part, told.file_name
    if delivery.event is Event.WITHDRAWAL:
        manifest = json_bytes(_manifest(delivery) | {"withdraw": True})
        return Written(delivery, name, {name + MANIFEST: manifest}, 0, told.injections)
    content = laid_out(part, told.table.columns, told.rows, told.style)
    files = {name: content}
    if part.resource in _PROVED:
        lie = _LIE if delivery.event is Event.LYING else 0
        proof = {"rows": len(told.rows) + lie, "sha256": digest(content)}
        files[name + MANIFEST] = json_bytes(_manifest(delivery) | proof)
    return Written(delivery, name, files, len(told.rows), told.injections)


def prepare(lending: Lending, delivery: Delivery) -> Prepared:
    """What a delivery says, clean and with its dirt."""
    table = clean_table(lending, delivery)
    style = style_of(delivery.part, len(table.rows))
    name = file_name(delivery.part, style)
    encoding = None if style.is_sheet or delivery.event is Event.WITHDRAWAL else style.encoding
    told = file_injections(delivery, name, encoding)
    rows = converted(table, style)
    if delivery.event not in (Event.WRONG, Event.WITHDRAWAL):
        names = [column.name for column in table.columns]
        told += inject(delivery, name, names, table.key, rows, style.is_sheet, _safe(lending, delivery, table))
    return Prepared(delivery, name, style, table, rows, told)


def clean_table(lending: Lending, delivery: Delivery) -> Table:
    """What a delivery should say, without dirt."""
    part, restated = delivery.part, delivery.restated
    if delivery.event is Event.WRONG:
        # Another form under the right name.
        return tables.cooperation_table(lending, lending.guarantors.reporting[0].number, 2026 * 4)
    match part.source, part.resource:
        case "nfra_institutions", _:
            return tables.nfra_table(lending, part.at)
        case "bank_branches", _:
            return tables.branch_table(lending, lending.banks.by_code[part.sender], part.at)
        case "guarantee_lists", _:
            return tables.guarantor_table(lending, part.sender, part.at)
        case _, "quarter":
            return tables.quarter_table(lending, part.number, part.at, restated)
        case _, "contract":
            return tables.contract_table(lending, part.number, part.at, restated)
        case _, "compensation":
            return tables.compensation_table(lending, part.number, part.at, FIRST_MONTH)
    return tables.cooperation_table(lending, part.number, part.at)


def _safe(lending: Lending, delivery: Delivery, table: Table) -> list[int]:
    """Rows that may be withheld without spoiling what others say: small balances, guarantors that do not report."""
    rows = table.rows
    match delivery.part.source, delivery.part.resource:
        case "guarantee_lists", _:
            at = table.at("统一社会信用代码")
            reporting = {guarantor.uscc for guarantor in lending.guarantors.reporting}
            return [place for place, row in enumerate(rows) if row[at] not in reporting]
        case _, "contract":
            at = table.at("在保余额")
            balances = [_amount(row[at]) for row in rows]
            total = sum(balances)
            return [place for place, balance in enumerate(balances) if 0 < balance * 250 < total]
    return list(range(len(rows)))


def _amount(cell: Cell) -> int:
    return cell if isinstance(cell, int) else 0


def _manifest(delivery: Delivery) -> dict[str, object]:
    """What the sender says of the file besides number of rows and checksum.

    Files of the past were issued ten days after their period, all others in the evening before the night.
    """
    part = delivery.part
    issued = delivery.night - dt.timedelta(days=1)
    if delivery.event in (Event.REGULAR, Event.REPEAT):
        last = part.at if part.resource in ("contract", "compensation") else quarter_end_month(part.at)
        issued = min(month_end(last) + dt.timedelta(days=10), issued)
    return {
        "source": part.source,
        "resource": part.resource,
        "sender": part.sender,
        "period": part.period,
        "issued_at": f"{issued}T18:00:00+08:00",
    }
