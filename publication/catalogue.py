"""What a release holds: the tables and columns that dbt declares as published.

Published are the models under `models/marts/` and the seeds of schema `reference`. The dbt manifest is the
one metadata model: types, units, descriptions, classifications and keys come from it and from nowhere else.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publication.errors import PublicationError

NAME = re.compile(r"[a-z][a-z0-9_]*")
# Who may see a column or a row, from everybody to us alone; an edition shows its own and what stands before it.
CLASSIFICATIONS = ("public", "partner", "internal")
PUBLIC, INTERNAL = CLASSIFICATIONS[0], CLASSIFICATIONS[-1]


@dataclass(frozen=True, slots=True)
class Column:
    """One published column. `provenance` marks how a fact was fetched: no part of what a release says."""

    name: str
    type: str
    description: str
    unit: str | None = None
    classification: str = "public"
    provenance: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One published table; `schema` is the database it belongs to.

    `row_visibility` names the column that says for each row who may see it (one of `CLASSIFICATIONS`; anything else
    counts as internal). Without it a row may be seen by whoever may see the table.
    """

    schema: str
    name: str
    description: str
    primary_key: tuple[str, ...]
    columns: tuple[Column, ...]
    row_visibility: str | None = None

    @property
    def full_name(self) -> str:
        """`schema.name`."""
        return f"{self.schema}.{self.name}"

    @property
    def path(self) -> str:
        """Path of the Parquet file inside a release."""
        return f"{self.schema}/{self.name}.parquet"

    @property
    def delta_path(self) -> str:
        """Path of the delta file inside a release."""
        return f"delta/{self.path}"

    @property
    def types(self) -> dict[str, str]:
        """DuckDB type by column name."""
        return {column.name: column.type for column in self.columns}

    @property
    def facts(self) -> tuple[str, ...]:
        """Names of the columns that say something about the world: all but the provenance columns."""
        return tuple(column.name for column in self.columns if not column.provenance)


def load(manifest: Path) -> list[Table]:
    """Read the published tables from dbt's `manifest.json`, sorted by schema and name.

    Raises `PublicationError` listing every declaration that is missing: a table without a key or columns, a
    column without a description or a classification, a name that is not plain.
    """
    nodes = _read(manifest)["nodes"].values()
    tables = sorted((_table(node) for node in nodes if _published(node)), key=lambda table: table.full_name)
    if not tables:
        raise PublicationError(f"{manifest}: no model under models/marts/ and no seed in schema reference")
    problems = [problem for table in tables for problem in _problems(table)]
    if problems:
        raise PublicationError(f"{manifest}: {len(problems)} gaps in the catalogue:\n  " + "\n  ".join(problems))
    return tables


def of_release(directory: Path) -> list[Table]:
    """Read the tables of a written release or candidate back from its `datapackage.json`."""
    return [
        Table(
            schema=resource["name"].split(".")[0],
            name=resource["name"].split(".")[1],
            description=resource["description"],
            primary_key=tuple(resource["schema"]["primaryKey"]),
            columns=tuple(
                Column(
                    name=field["name"],
                    type=field["duckdb_type"],
                    description=field["description"],
                    unit=field.get("unit"),
                    classification=field["classification"],
                    provenance=field["provenance"],
                )
                for field in resource["schema"]["fields"]
            ),
            row_visibility=resource.get("row_visibility"),
        )
        for resource in _read(directory / "datapackage.json")["resources"]
    ]


def _read(path: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise PublicationError(f"{path} is not there") from None
    except ValueError as error:
        raise PublicationError(f"{path} is not JSON: {error}") from None
    return document


def _published(node: Mapping[str, Any]) -> bool:
    if node["resource_type"] == "model":
        return str(node["original_file_path"]).replace("\\", "/").startswith("models/marts/")
    return bool(node["resource_type"] == "seed" and node["schema"] == "reference")


def _meta(declared: Mapping[str, Any]) -> Mapping[str, Any]:
    meta: Mapping[str, Any] = declared.get("config", {}).get("meta") or declared.get("meta") or {}
    return meta


def _table(node: Mapping[str, Any]) -> Table:
    key = _meta(node).get("primary_key") or ()
    return Table(
        schema=node["schema"],
        name=node.get("alias") or node["name"],
        description=_sentence(node),
        primary_key=(key,) if isinstance(key, str) else tuple(key),
        columns=tuple(
            Column(
                name=column["name"],
                type=column.get("data_type") or node["config"].get("column_types", {}).get(column["name"]) or "",
                description=_sentence(column),
                unit=_meta(column).get("unit"),
                classification=_meta(column).get("classification", ""),
                provenance=bool(_meta(column).get("provenance", False)),
            )
            for column in node["columns"].values()
        ),
        row_visibility=_meta(node).get("row_visibility"),
    )


def _sentence(declared: Mapping[str, Any]) -> str:
    return " ".join(str(declared.get("description") or "").split())


def _problems(table: Table) -> list[str]:
    names = [column.name for column in table.columns]
    # Names become file names and identifiers, and `_…` is kept for the columns of the delta.
    problems = [
        f"{table.full_name}: {name!r} is not a plain lower-case name"
        for name in (table.schema, table.name, *names)
        if not NAME.fullmatch(name)
    ]
    if not table.description:
        problems.append(f"{table.full_name}: no description")
    if not table.columns:
        problems.append(f"{table.full_name}: no columns declared")
    if not table.primary_key:
        problems.append(f"{table.full_name}: no config.meta.primary_key")
    facts = set(table.facts)
    problems += [
        f"{table.full_name}: key column {key!r} is not one of its facts"
        for key in table.primary_key
        if key not in facts
    ]
    if table.row_visibility is not None and table.row_visibility not in facts:
        problems.append(f"{table.full_name}: row_visibility {table.row_visibility!r} is not one of its facts")
    if table.row_visibility is None and "visibility" in facts:
        problems.append(f"{table.full_name}: a column visibility, but no config.meta.row_visibility that heeds it")
    for column in table.columns:
        if not column.description:
            problems.append(f"{table.full_name}.{column.name}: no description")
        if column.classification not in CLASSIFICATIONS:
            problems.append(
                f"{table.full_name}.{column.name}: classification {column.classification!r} is none of "
                f"{', '.join(CLASSIFICATIONS)}"
            )
    return problems
