"""Schema `raw` of a build file, as the pipeline leaves it: a view for every declared resource, with or without rows.

The specs are those below extractors/sources.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pyarrow as pa

from extractors.core.spec import SourceSpec, all_specs
from extractors.core.sql import quoted
from pipeline.warehouse import DELIVERY, FETCH

Row = Mapping[str, Any]
Resources = Mapping[tuple[str, str], Iterable[Row]]

IN_LOG = [("_change", pa.string()), ("_part", pa.string()), ("_record_hash", pa.string()), ("_payload", pa.string())]
IN_LOG += [("_row", pa.int32()), ("_url", pa.string()), ("_fetched_at", pa.timestamp("us", "UTC"))]
IN_LOG += [("_run_date", pa.date32())]


def specs() -> Mapping[str, SourceSpec]:
    """Every spec by the id of its source."""
    return all_specs()


def logged(source: str, resource: str, row: Row) -> dict[str, Any]:
    """A row of the change log of a resource: what `row` says, and what goes without saying for the rest.

    `row` has columns of the source, `_run_date`, and whatever else of the change log shall differ: added, in the part
    of its sender and period, at two in the morning. Raises `KeyError` for a column that the spec has not.
    """
    declared = specs()[source].resources[resource]
    if unknown := row.keys() - {*declared.kept, *(name for name, _ in IN_LOG)}:
        raise KeyError(f"{source}/{resource} has no column {', '.join(sorted(unknown))}")
    night: date = row["_run_date"]
    part = f"{row['sender']}|{row['period']}" if declared.file else ""
    return {
        "_change": "added",
        "_part": part,
        "_record_hash": str(sorted((name, value) for name, value in row.items() if not name.startswith("_"))),
        "_payload": f"{source} {resource} {part} {night}",
        "_row": 0,
        "_url": f"https://{source}.example/{resource}",
        "_fetched_at": datetime(night.year, night.month, night.day, tzinfo=UTC),
        **row,
    }


def lay_out(
    db: duckdb.DuckDBPyConnection,
    run_date: date,
    logs: Resources,
    fetches: Iterable[Row],
    deliveries: Iterable[Row] = (),
) -> None:
    """Write schema `raw`: the rows of each change log (see `logged`), of `raw.fetch` and of `raw.delivery`."""
    db.execute("create schema if not exists raw")
    db.execute("create or replace table raw.run as select $1::date as run_date, 'test' as code_version", [run_date])
    _write(db, "fetch", fetches, FETCH)
    _write(db, "delivery", deliveries, DELIVERY)
    for source, spec in specs().items():
        for name, resource in spec.resources.items():
            schema = pa.schema([(column, pa.string()) for column in resource.kept] + IN_LOG)
            _write(db, f"{source}__{name}_log", logs.get((source, name), ()), schema)
            db.execute(f"create or replace view raw.{source}__{name} as from raw.{source}__{name}_log")


def _write(db: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Row], schema: pa.Schema) -> None:
    db.register("rows", pa.Table.from_pylist([dict(row) for row in rows], schema))
    db.execute(f"create or replace table raw.{quoted(table)} as from rows")
    db.unregister("rows")
