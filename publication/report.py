"""The one-page report of a release: what it holds, what changed, the gate's verdict, the sources' age."""

import json
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import jinja2

from publication import catalogue, delta, files
from publication.catalogue import INTERNAL, Table
from publication.sql import connect, parquet

REPORT = "report.html"
SAMPLE = 4
_SHOWN_VALUES = 5
# Around the databases: listed after them, and in no total of theirs.
_AROUND = ("reference", "quality", "quarantine")
# Without one of these columns an edition has no list of sources; the message may be missing.
_SOURCE = frozenset(
    {"source_id", "resource", "title", "homepage", "licence", "terms_url", "max_age_nights", "status", "good_run_date"}
    | {"age_nights", "declared_total", "fetched"}
)


def write(directory: Path, connection: duckdb.DuckDBPyConnection | None = None) -> Path:
    """Write `report.html` into a candidate or release from the files that lie there, and return its path.

    Works without a verdict and with a stopped one too, to see what the gate stopped; and for an edition, which holds
    no verdict. The page loads nothing. `connection`: an open DuckDB; without it one is opened.
    """
    with nullcontext(connection) if connection else connect(directory) as opened:
        page = _template().render(_page(directory, opened))
    files.write(directory / REPORT, page.encode())
    return directory / REPORT


def gate_summary(gate: Mapping[str, Any]) -> dict[str, Any]:
    """Return the gate's verdict in numbers: checks made, warnings, critical findings, accepted ones."""
    failed = [finding for finding in gate.get("findings", []) if not finding["success"]]
    return {
        "passed": gate.get("passed") is True,
        "checks": len(gate.get("findings", [])),
        "warnings": sum(finding["severity"] == "warning" for finding in failed),
        "critical": sum(finding["severity"] == "critical" and not finding["accepted"] for finding in failed),
        "accepted": sum(finding["severity"] == "critical" and bool(finding["accepted"]) for finding in failed),
    }


def stopping(gate: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the findings that stop a release."""
    return [
        finding
        for finding in gate.get("findings", [])
        if finding["severity"] == "critical" and not finding["success"] and not finding["accepted"]
    ]


def _page(directory: Path, connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    release = json.loads((directory / "release.json").read_bytes())
    gate_file = directory / "gate.json"
    gate = json.loads(gate_file.read_bytes()) if gate_file.is_file() else None
    tables = catalogue.of_release(directory)
    samples = [
        sample
        for table in tables
        if table.schema != "quality" and (sample := _sample(connection, directory, table, release))
    ]
    return {
        "release": release,
        "edition": release.get("edition", INTERNAL),
        "is_full": release.get("edition", INTERNAL) == INTERNAL,
        "sources": [{"message": None, **row} for row in release["sources"] if row.keys() >= _SOURCE],
        "schemas": _schemas(release, tables),
        "totals": _totals(release),
        "verdict": gate_summary(gate) if gate else None,
        "findings": sorted(gate["findings"], key=_urgency) if gate else [],
        "samples": samples,
        "tables": tables,
    }


def _urgency(finding: Mapping[str, Any]) -> tuple[bool, bool, bool, str]:
    return finding["success"], finding["accepted"], finding["severity"] != "critical", finding["id"]


def _schemas(release: Mapping[str, Any], tables: list[Table]) -> dict[str, list[dict[str, Any]]]:
    """Group the tables by database, what is around them last."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for table in sorted(tables, key=lambda table: (table.schema in _AROUND, table.full_name)):
        entry = release["tables"][table.full_name]
        differing = sum(entry["delta"].get(change, 0) for change in delta.CHANGES)
        grouped.setdefault(table.schema, []).append(
            {
                "table": table,
                "rows": entry["rows"],
                "delta": entry["delta"],
                "share": min(1.0, differing / max(entry["rows"], differing, 1)),
            }
        )
    return grouped


def _totals(release: Mapping[str, Any]) -> dict[str, int]:
    """Count tables, rows and changes of the databases proper."""
    entries = [entry for name, entry in release["tables"].items() if name.split(".")[0] not in _AROUND]
    return {
        "tables": len(entries),
        "rows": sum(entry["rows"] for entry in entries),
        **{change: sum(entry["delta"].get(change, 0) for entry in entries) for change in delta.CHANGES},
    }


def _sample(
    connection: duckdb.DuckDBPyConnection, directory: Path, table: Table, release: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return a few rows of a table's delta, fit to be read; `None` when nothing changed."""
    changed = release["tables"][table.full_name]["delta"]
    if not any(changed.get(change) for change in delta.CHANGES):
        return None
    rows = delta.sample(connection, parquet(directory / table.delta_path), SAMPLE)
    return {
        "name": table.full_name,
        "total": sum(changed[change] for change in delta.CHANGES),
        "rows": [
            {
                "change": row["_change"],
                "cause": row["_cause"],
                "key": [row[key] for key in table.primary_key],
                "values": list(_values(table, row)),
            }
            for row in rows
        ],
    }


def _values(table: Table, row: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield (column, former value, value) of what changed, or of the first columns that say something."""
    previous = json.loads(row["_previous"]) if row["_previous"] else None
    if previous is not None:
        for name, former in list(previous.items())[:_SHOWN_VALUES]:
            yield name, former, row[name]
        return
    said = [name for name in table.facts if name not in table.primary_key and row[name] is not None]
    for name in said[:_SHOWN_VALUES]:
        yield name, None, row[name]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,}"


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _minute(instant: str) -> str:
    """Return an ISO instant to the minute, in UTC."""
    return f"{datetime.fromisoformat(instant).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _said(value: Any) -> str:
    """Return a value as text, `–` for none."""
    if value is None or value == "":
        return "–"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _web(address: str | None) -> str | None:
    """Return an address only when it is one of the web: a link must not run anything."""
    return address if address and urlsplit(address).scheme in ("http", "https") else None


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=_number, size=_size, minute=_minute, said=_said, web=_web)
    return environment.get_template("report.html.j2")
