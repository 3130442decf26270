"""Tables with something to hide, and every way to look into a directory that was handed out."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
from publication_world import DAY, NOW, ROW_BALANCE, SOURCE_STATUS, World, source

GUARANTOR, QUARTER, CONTRACT = "guarantees.institution", "guarantees.institution_quarter", "guarantees.contract"
ORGANIZATION, STATUS, BALANCE = "organizations.organization", "quality.source_status", "quality.row_balance"
TRAIL = {"src_family": "VARCHAR", "file_sha256": "VARCHAR", "fetched_at": "TIMESTAMPTZ", "as_of": "DATE"}
HASH = {"row_hash": "VARCHAR"}
SCHEMA: Mapping[str, tuple[dict[str, str], list[str]]] = {
    # Public, with columns that are not.
    GUARANTOR: (
        {"guarantor_id": "VARCHAR", "legal_name": "VARCHAR", "rating": "VARCHAR", "leverage": "DECIMAL(12,6)"}
        | {"remarks": "VARCHAR"}
        | TRAIL
        | HASH,
        ["guarantor_id"],
    ),
    # For partners as a whole.
    QUARTER: (
        {"guarantor_id": "VARCHAR", "period": "VARCHAR", "balance": "VARCHAR"} | TRAIL | HASH,
        ["guarantor_id", "period"],
    ),
    # For us alone.
    CONTRACT: ({"contract_id": "VARCHAR", "client_name": "VARCHAR", "amount": "VARCHAR"} | TRAIL, ["contract_id"]),
    # All columns public, some rows not.
    ORGANIZATION: (
        {"organization_id": "VARCHAR", "legal_name": "VARCHAR", "visibility": "VARCHAR"} | TRAIL | HASH,
        ["organization_id"],
    ),
    BALANCE: ({**ROW_BALANCE, "visibility": "VARCHAR"}, ["source_id", "resource"]),
    STATUS: ({**SOURCE_STATUS, "visibility": "VARCHAR"}, ["source_id", "resource"]),
}
CLASSES: Mapping[str, Mapping[str, str]] = {
    GUARANTOR: {"rating": "partner", "leverage": "partner", "remarks": "internal"},
    QUARTER: dict.fromkeys(SCHEMA[QUARTER][0], "partner"),
    CONTRACT: dict.fromkeys(SCHEMA[CONTRACT][0], "internal"),
    STATUS: {"message": "internal"},
}
ROW_VISIBILITY = dict.fromkeys((ORGANIZATION, STATUS, BALANCE), "visibility")
LISTS, REPORTS = "guarantee_lists", "guarantor_reports"


def edition_world(path: Path) -> World:
    """A world with these tables, nothing built yet."""
    return World(path, tuple(SCHEMA), schema=SCHEMA, classes=CLASSES, row_visibility=ROW_VISIBILITY)


def trail(src_family: str = LISTS, **values: Any) -> dict[str, Any]:
    """Where a row comes from."""
    return {
        "src_family": src_family,
        "file_sha256": "ab" * 32,
        "fetched_at": NOW,
        "as_of": DAY,
        "row_hash": "h",
        **values,
    }


def guarantor(number: int, **values: Any) -> dict[str, Any]:
    """A row of `guarantees.institution`."""
    return {
        "guarantor_id": f"G{number}",
        "legal_name": f"某某融资担保{number}",
        "rating": "A",
        "leverage": "3.5",
        "remarks": "none",
        **trail(),
        **values,
    }


def quarter(number: int, **values: Any) -> dict[str, Any]:
    """A row of `guarantees.institution_quarter`."""
    return {"guarantor_id": f"G{number}", "period": "2026Q1", "balance": "100", **trail(REPORTS), **values}


def contract(number: int, **values: Any) -> dict[str, Any]:
    """A row of `guarantees.contract`."""
    return {"contract_id": f"C{number}", "client_name": f"客户{number}", "amount": "5", **trail(REPORTS), **values}


def organization(number: int, visibility: str | None = "public", **values: Any) -> dict[str, Any]:
    """A row of `organizations.organization`."""
    return {
        "organization_id": f"O{number}",
        "legal_name": f"某某科技{number}",
        "visibility": visibility,
        **trail(),
        **values,
    }


def status(source_id: str, resource: str, visibility: str, **values: Any) -> dict[str, Any]:
    """A row of `quality.source_status`."""
    return {**source(source_id), "resource": resource, "visibility": visibility, **values}


def tables(**rows: Any) -> dict[str, Any]:
    """All tables of a night; keyword `institution=…` replaces the rows of one of them."""
    found: dict[str, Any] = {
        "institution": [guarantor(n) for n in (1, 2, 3)],
        "institution_quarter": [quarter(n) for n in (1, 2)],
        "contract": [contract(n) for n in (1, 2)],
        "organization": [organization(1), organization(2, "partner"), organization(3, "internal")],
        "source_status": [
            status(LISTS, "institution", "public"),
            status(REPORTS, "quarter", "partner"),
            status(REPORTS, "contract", "internal"),
        ],
        "row_balance": [
            {"source_id": LISTS, "resource": "institution", "records": 3, "visibility": "public"},
            {"source_id": REPORTS, "resource": "quarter", "records": 2, "visibility": "partner"},
            {"source_id": REPORTS, "resource": "contract", "records": 977, "visibility": "internal"},
        ],
        **rows,
    }
    return {name: found[name.split(".")[1]] for name in SCHEMA}


def everything_in(directory: Path) -> Iterator[tuple[str, bytes]]:
    """Every text that whoever holds the directory can get at, with the file it is in: bytes as they lie there, names,
    and all that Parquet and DuckDB files hold once they are unpacked, their metadata included."""
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        name = path.relative_to(directory).as_posix()
        yield name, name.encode()
        yield name, path.read_bytes()
        if path.suffix == ".parquet":
            file = pq.ParquetFile(path)
            yield name, f"{file.metadata.to_dict()} {file.schema_arrow.metadata} {file.schema}".encode()
            yield name, str(file.read().to_pylist()).encode()
        elif path.suffix == ".duckdb":
            yield name, _unpacked(path)
        elif path.suffix == ".json":
            yield name, str(json.loads(path.read_bytes())).encode()  # whatever JSON may have escaped


def _unpacked(path: Path) -> bytes:
    with duckdb.connect(str(path), read_only=True) as database:
        catalogue = [database.execute(f"FROM duckdb_{kind}()").fetchall() for kind in ("tables", "columns", "schemas")]
        names = database.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        rows = [database.execute(f'FROM "{schema}"."{table}"').fetchall() for schema, table in names]
        storage = [
            database.execute(f"FROM pragma_storage_info('{schema}.{table}')").fetchall() for schema, table in names
        ]
    return str([catalogue, rows, storage]).encode()
