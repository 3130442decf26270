"""`datapackage.json`: what a release holds, for those who never heard of us (Frictionless Data Package)."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from publication.catalogue import Column, Table

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
_TYPES = {
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIME": "time",
    "DOUBLE": "number",
    "FLOAT": "number",
    "JSON": "object",
}


def describe(
    directory: Path,
    identity: Mapping[str, str],
    tables: Iterable[Table],
    rows: Mapping[str, int],
    digests: Mapping[str, str],
    sources: Iterable[Mapping[str, Any]],
    contributors: Mapping[str, set[str]],
) -> dict[str, Any]:
    """Return the data package of the tables written to `directory`.

    `identity` holds `release_id`, `run_date` and `created`; `rows` is keyed by full table name, `digests`
    (SHA-256) by path. `sources` are rows of `quality.source_status`; `contributors` says which source ids
    stand behind the rows of a table.
    """
    listed = {str(source["source_id"]): source for source in sources}
    package: dict[str, Any] = {
        "$schema": PROFILE,
        "name": "financing-service-databases",
        "title": f"Financing Service Databases, release {identity['release_id']}",
        "description": f"The databases as of the night {identity['run_date']}, one Parquet file a table.",
        **({"edition": identity["edition"]} if "edition" in identity else {}),
        "id": identity["release_id"],
        "version": identity["release_id"],
        "created": identity["created"],
    }
    if listed:
        package["licenses"] = _licences(listed.values())
        package["sources"] = [_source(source) for source in listed.values()]
    package["resources"] = [
        {
            "name": table.full_name,
            "title": table.full_name,
            "description": table.description,
            "path": table.path,
            "format": "parquet",
            "mediatype": "application/vnd.apache.parquet",
            "bytes": (directory / table.path).stat().st_size,
            "hash": f"sha256:{digests[table.path]}",
            "rows": rows[table.full_name],
            **({"row_visibility": table.row_visibility} if table.row_visibility else {}),
            "schema": {
                "fields": [_field(table, column) for column in table.columns],
                "primaryKey": list(table.primary_key),
            },
            **_origin([listed[name] for name in sorted(contributors.get(table.full_name, ())) if name in listed]),
        }
        for table in tables
    ]
    return package


def _origin(sources: list[Mapping[str, Any]]) -> dict[str, Any]:
    if not sources:
        return {}
    return {"licenses": _licences(sources), "sources": [_source(source) for source in sources]}


def _source(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return who says it and where, as far as the edition shows it."""
    title = ": ".join(str(source[name]) for name in ("publisher", "title") if source.get(name))
    return {"title": title, "path": source.get("homepage")}


def _licences(sources: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return each licence once; its path is where the source states its terms."""
    found = {(source.get("licence"), source.get("terms_url")) for source in sources}
    return [{"title": title, "path": path} for title, path in sorted(found, key=str)]


def _field(table: Table, column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": _frictionless(column.type),
        "duckdb_type": column.type,
        "description": column.description,
        "classification": column.classification,
        "provenance": column.provenance,
    }
    if column.unit:
        field["unit"] = column.unit
    if column.name in table.primary_key:
        field["constraints"] = {"required": True}
    return field


def _frictionless(kind: str) -> str:
    if kind.endswith("]"):
        return "array"
    if kind.startswith(("STRUCT", "MAP")):
        return "object"
    if kind.startswith("DECIMAL"):
        return "number"
    if kind.startswith("TIMESTAMP"):
        return "datetime"
    if kind.removeprefix("U") in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT"):
        return "integer"
    return _TYPES.get(kind, "string")
