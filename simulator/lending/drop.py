"""Files in the inbox: what the institutions deliver on a night, written as each of them writes."""

import datetime as dt
from pathlib import Path
from typing import NamedTuple

from simulator.lending import tables
from simulator.lending.dirt import Injection, file_injections, inject
from simulator.lending.economy import Lending
from simulator.lending.files import Cell, digest, json_bytes
from simulator.lending.layout import converted, file_name, laid_out, style_of
from simulator.lending.schedule import FIRST_MONTH, Delivery, Event, Part, Schedule
from simulator.lending.tables import Table

MANIFEST = ".manifest.json"
"""What is added to the name of a file for the name of its manifest."""

_PROVED = {"contract", "bank_cooperation"}
"""Resources whose files come with a manifest: where one is required, and some that have one all the same."""
_LIE = 7


class Written(NamedTuple):
    """A delivery as files: name → content, how many rows its table has, and the dirt in it."""

    delivery: Delivery
    file_name: str
    files: dict[str, bytes]
    rows: int
    injections: list[Injection]


def drop(lending: Lending, night: dt.date, inbox: Path, schedule: Schedule | None = None) -> list[Written]:
    """Write the files that arrive on a night into `inbox/<source>/`; tell what was written.

    A manifest is written after its file. The same night gives the same bytes.
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
    part = delivery.part
    table = clean_table(lending, delivery)
    style = style_of(part, len(table.rows))
    name = file_name(part, style)
    if delivery.event is Event.WITHDRAWAL:
        return Written(
            delivery, name, {name + MANIFEST: _withdrawal(part, name)}, 0, file_injections(delivery, name, None)
        )
    encoding = None if style.is_sheet else style.encoding
    told = file_injections(delivery, name, encoding)
    rows = converted(table, style)
    if delivery.event is not Event.WRONG:
        names = [column.name for column in table.columns]
        told += inject(delivery, name, names, table.key, rows, style.is_sheet, _safe(lending, delivery, table))
    content = laid_out(part, table.columns, rows, style)
    files = {name: content}
    if part.resource in _PROVED:
        lie = _LIE if delivery.event is Event.LYING else 0
        files[name + MANIFEST] = _manifest(part, name, content, len(rows) + lie)
    return Written(delivery, name, files, len(rows), told)


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


def _manifest(part: Part, name: str, content: bytes, rows: int) -> bytes:
    """What the sender says of the file: number of rows, period and checksum."""
    return json_bytes({"file": name, "period": part.period, "rows": rows, "sha256": digest(content)})


def _withdrawal(part: Part, name: str) -> bytes:
    """The sender takes back what it said of a period."""
    return json_bytes({"file": name, "period": part.period, "withdrawn": True})
