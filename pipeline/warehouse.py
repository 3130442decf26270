"""The build file: dbt's DuckDB database, fed from the change log, rebuilt in full or only by what is new.

It is a cache of the archive: whatever is in doubt (a killed build, other code, a night that came in
late) is built anew.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from pydantic import BaseModel, ValidationError

from extractors.core.changes import Night
from extractors.core.files import write_atomic
from extractors.core.sql import literal, quoted
from identity.resolve import resolve
from pipeline.arrivals import DELIVERY
from pipeline.dbt import Dbt

FETCH = pa.schema(
    [
        *((name, pa.string()) for name in ("source_id", "resource", "title", "publisher", "homepage", "licence")),
        *((name, pa.string()) for name in ("terms_url", "cadence")),
        ("max_age_nights", pa.int32()),
        ("status", pa.string()),
        ("message", pa.string()),
        ("good_run_date", pa.date32()),
        ("age_nights", pa.int32()),
        ("old_parts", pa.int64()),
        *((name, pa.int64()) for name in ("declared_total", "fetched", "duplicates", "rejected", "records")),
        ("selected", pa.bool_()),
        ("visibility", pa.string()),
        ("trial", pa.bool_()),
    ]
)
IDENTITY_INPUT = "+tag:identity_input"
# Tables of the raw schema that say something new every night.
OF_THE_NIGHT = ("delivery", "fetch", "run")


class State(BaseModel):
    """What the build file holds: the change log files, by resource, in the order they went in."""

    run_date: date
    code_version: str
    complete: bool
    nights: dict[str, list[str]]


class Warehouse:
    """The build file below `folder` and how far it is built."""

    def __init__(self, folder: Path, decisions: Path) -> None:
        self.path, self.manifest = folder / "warehouse.duckdb", folder / "target" / "manifest.json"
        self._folder, self._decisions = folder, decisions

    def build(
        self,
        run_date: date,
        code_version: str,
        logs: Mapping[tuple[str, str], Sequence[Night]],
        empty: Mapping[tuple[str, str], Path],
        fetches: Sequence[Mapping[str, Any]],
        deliveries: Sequence[Mapping[str, Any]] = (),
        *,
        full: bool = False,
    ) -> str:
        """Bring the build file to `run_date`; return `full` or `incremental`.

        `logs`: change log per (source, resource) up to the night; `empty`: a file with its columns and no rows;
        `fetches`: one row per resource for `raw.fetch`; `deliveries`: one per file for `raw.delivery`. `full`: build
        anew even where it need not be.
        """
        wanted = State(
            run_date=run_date,
            code_version=code_version,
            complete=True,
            nights={"/".join(key): [_mark(night) for night in nights] for key, nights in logs.items()},
        )
        built = self._state()
        full = full or not (built and self._is_sound() and _continues(built, wanted))
        done = {} if full or built is None else {key: len(nights) for key, nights in built.nights.items()}
        self._folder.mkdir(parents=True, exist_ok=True)
        self._save(wanted.model_copy(update={"complete": False}))
        if full:
            for path in (self.path, self.path.with_name(self.path.name + ".wal")):
                path.unlink(missing_ok=True)
        new = {key: nights[done.get("/".join(key), 0) :] for key, nights in logs.items()}
        self._feed(run_date, code_version, new, empty, fetches, deliveries)
        dbt = Dbt(self.path, self._folder)
        before, after = selection(None if full else [key for key, nights in new.items() if nights])
        dbt.build(*before)
        resolve(self.path, self._decisions, run_date)
        dbt.build(*after)
        self._save(wanted)
        return "full" if full else "incremental"

    def _feed(
        self,
        run_date: date,
        code_version: str,
        new: Mapping[tuple[str, str], Sequence[Night]],
        empty: Mapping[tuple[str, str], Path],
        fetches: Sequence[Mapping[str, Any]],
        deliveries: Sequence[Mapping[str, Any]],
    ) -> None:
        """Schema `raw`: what dbt reads. The views show only what is not built yet."""
        fetch = pa.Table.from_pylist([dict(row) for row in fetches], FETCH)
        delivery = pa.Table.from_pylist([dict(row) for row in deliveries], DELIVERY)
        with duckdb.connect(str(self.path)) as con:
            con.execute("create schema if not exists raw")
            con.execute(
                f"""create or replace table raw.run as
                select {literal(str(run_date))}::date as run_date, {literal(code_version)} as code_version"""
            )
            con.register("fetch_rows", fetch)
            con.execute("create or replace table raw.fetch as from fetch_rows order by source_id, resource")
            con.register("delivery_rows", delivery)
            con.execute("create or replace table raw.delivery as from delivery_rows order by delivery_id")
            for key, nights in new.items():
                files = ", ".join(literal(str(path)) for path in [empty[key], *(night.path for night in nights)])
                name = quoted("__".join(key))
                con.execute(f"create or replace view raw.{name} as from read_parquet([{files}], union_by_name = true)")

    def _is_sound(self) -> bool:
        """Whether there is a build file that opens."""
        try:
            duckdb.connect(str(self.path), read_only=True).close()
        except duckdb.Error:
            return False
        return True

    def _state(self) -> State | None:
        try:
            return State.model_validate_json(self._file.read_bytes())
        except (OSError, ValidationError):
            return None

    def _save(self, state: State) -> None:
        write_atomic(self._file, state.model_dump_json(indent=2).encode())

    @property
    def _file(self) -> Path:
        return self._folder / "state.json"


def selection(news: Collection[tuple[str, str]] | None) -> tuple[list[str], list[str]]:
    """dbt's arguments for the part before and the part after identity; `news`: (source, resource) with any, None: all.

    What hangs on nothing new is right as it stands; only what tells of the night itself is always built.
    """
    if news is None:
        refresh = ["--full-refresh"]
        return ["--select", IDENTITY_INPUT, *refresh], ["--exclude", IDENTITY_INPUT, *refresh]
    new = [f"source:raw.{name}+" for name in (*OF_THE_NIGHT, *sorted("__".join(key) for key in news))]
    no_seeds = ["--exclude-resource-type", "seed"]
    first = ["--select", *(f"{name},{IDENTITY_INPUT}" for name in new), *no_seeds]
    return first, ["--select", *new, "--exclude", IDENTITY_INPUT, *no_seeds]


def _mark(night: Night) -> str:
    return f"{night.basis.run_date} {night.basis.sha256}"


def _continues(built: State, wanted: State) -> bool:
    """Whether what is built is a beginning of what is wanted, by the same code."""
    return (
        built.complete
        and built.code_version == wanted.code_version
        and built.run_date <= wanted.run_date
        and built.nights.keys() == wanted.nights.keys()
        and all(wanted.nights[key][: len(marks)] == marks for key, marks in built.nights.items())
    )
