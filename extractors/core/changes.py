"""The change log: `added`, `changed`, `removed` per night, by key and record hash.

Derived from the raw archive and recomputed when what it was derived from changes (a night fetched again, a night
backfilled in between). Only what came whole enters it, so an outage, an error page or half a list neither changes nor
removes anything; where a resource comes in parts, that holds for each part.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

from extractors.core.archive import Archive, Speaker
from extractors.core.files import reveal, sha256_of, temporary_folder, write_atomic
from extractors.core.spec import Resource
from extractors.core.sql import literal, quoted, session, write_parquet

LOG_FORMAT = 3


class Spoken(BaseModel):
    """An attempt, the parts of the resource it speaks for on its night, and whether it says everything of them."""

    attempt: int
    content_hash: str
    parts: list[str]
    whole: bool = True


class Basis(BaseModel):
    """What the changes of a night were derived from, and what they are.

    `earlier` names the state before, `spec` what the source's spec said that the log depends on.
    """

    run_date: date
    spec: str
    spoken: list[Spoken]
    earlier: str
    added: int = 0
    changed: int = 0
    removed: int = 0
    sha256: str = ""

    def is_of(self, other: "Basis") -> bool:
        """Whether both were derived from the same snapshots."""
        return self.origin == other.origin

    @property
    def origin(self) -> str:
        """A hash over the snapshots of this night and, through `earlier`, of all nights before."""
        text = self.model_dump_json(include={"run_date", "spec", "spoken", "earlier"})
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Night:
    """The changes of one night."""

    path: Path
    basis: Basis


class ChangeLog:
    """The change log of one resource."""

    def __init__(self, root: Path, archive: Archive, source: str, name: str, resource: Resource, url: str) -> None:
        """`url`: the source's public address, kept with every record."""
        self._folder = root / source / name
        self._archive, self._source, self._name, self._resource, self._url = archive, source, name, resource, url

    def update(self, until: date) -> list[Night]:
        """Bring the log up to `until` and return its nights, ascending. Nights already right are left alone.

        Raises `ArchiveError` where a snapshot that is needed is damaged.
        """
        nights: list[Night] = []
        for run_date in self._archive.nights(self._source, self._name):
            speakers = self._archive.speaking(self._source, self._name, run_date) if run_date <= until else []
            if not speakers:
                continue
            basis = Basis(
                run_date=run_date,
                spec=self._spec(),
                spoken=[
                    Spoken(
                        attempt=speaker.attempt.outcome.attempt,
                        content_hash=speaker.attempt.outcome.content_hash or "",
                        parts=speaker.parts,
                        whole=speaker.attempt.outcome.whole,
                    )
                    for speaker in speakers
                ],
                earlier=nights[-1].basis.origin if nights else "",
            )
            night = self._read(run_date)
            if night is None or not night.basis.is_of(basis):
                night = self._derive(speakers, basis, [earlier.path for earlier in nights])
            nights.append(night)
        return nights

    def _spec(self) -> str:
        """A hash over what decides the log beside the snapshots; `LOG_FORMAT` stands for the code below."""
        resource = self._resource
        decides = (LOG_FORMAT, resource.mode, resource.record_key, resource.kept, self._url)
        return hashlib.sha256(repr(decides).encode()).hexdigest()[:16]

    def empty(self) -> Path:
        """A change log file without rows, for a source that was never read."""
        path = self._folder / "empty.parquet"
        schema = self._schema()
        try:
            if pq.read_schema(path) == schema:
                return path
        except (OSError, ValueError):
            pass  # missing or damaged
        content = pa.BufferOutputStream()
        pq.write_table(schema.empty_table(), content)
        write_atomic(path, content.getvalue().to_pybytes())
        return path

    def _night_folder(self, run_date: date) -> Path:
        return self._folder / f"run_date={run_date}"

    def _read(self, run_date: date) -> Night | None:
        """The stored changes of a night, or nothing where they are missing or damaged."""
        folder = self._night_folder(run_date)
        path = folder / "changes.parquet"
        try:
            basis = Basis.model_validate_json((folder / "changes.json").read_bytes())
            return Night(path, basis) if sha256_of(path) == basis.sha256 else None
        except (OSError, ValueError):
            return None

    def _derive(self, speakers: list[Speaker], basis: Basis, earlier: list[Path]) -> Night:
        """Compare what a night says with the state that all earlier changes add up to."""
        # The empty log lends its columns to files from before a column was declared.
        empty = literal(str(self.empty()))
        target = self._night_folder(basis.run_date)
        folder = temporary_folder(target)
        path = folder / "changes.parquet"
        files = ", ".join([*(literal(str(file)) for file in earlier), empty])
        keys = ", ".join(map(quoted, self._resource.record_key))
        columns = ", ".join(map(quoted, self._resource.kept))
        same_key = " and ".join(f"now.{quoted(name)} = state.{quoted(name)}" for name in self._resource.record_key)
        same_news = " and ".join(f"told.{quoted(name)} = news.{quoted(name)}" for name in self._resource.record_key)
        seen_at = f"{literal(speakers[-1].attempt.outcome.finished_at.isoformat())}::timestamptz"
        # Only who said everything of a part may take away what was not said.
        whole = [part for speaker in speakers if speaker.attempt.outcome.whole for part in speaker.parts]
        with session() as con:
            con.execute("set TimeZone = 'UTC'")
            write_parquet(
                con,
                f"""
                with now as ({" union all ".join(self._said(speaker, keys, empty) for speaker in speakers)}),
                log as (from read_parquet([{files}], union_by_name = true)),
                newest as (
                    select
                        {keys},
                        arg_max(_change, _run_date) as last_change,
                        arg_max(_record_hash, _run_date) as hash,
                        arg_max(_part, _run_date) as part
                    from log group by all
                ),
                state as (from newest where last_change != 'removed'),
                gone as (
                    select state.* from state anti join now on {same_key}
                    where list_contains([{", ".join(map(literal, whole))}]::varchar[], state.part)
                ),
                news as (
                    select case when state.hash is null then 'added' else 'changed' end as _change, now.*
                    from now left join state on {same_key}
                    where state.hash is distinct from now._record_hash
                ),
                -- Only what is new is read in its whole width.
                told as ({" union all ".join(self._said(speaker, columns, empty) for speaker in speakers)}),
                changes as (
                    select
                        news._change, {", ".join(f"told.{quoted(name)}" for name in self._resource.kept)},
                        told._part, told._record_hash, told._payload, told._row, told._fetched_at
                    from told join news on told._part = news._part and {same_news}
                    union all
                    select 'removed', {columns}, _part, _record_hash, _payload, _row, {seen_at}
                    from log semi join gone using ({keys})
                    qualify row_number() over (partition by {keys} order by _run_date desc) = 1
                )
                select
                    * exclude (_fetched_at), {literal(self._url)} as _url, _fetched_at,
                    {literal(str(basis.run_date))}::date as _run_date
                from changes order by {keys}
                """,
                path,
            )
            counts = dict(
                con.execute(f"select _change, count(*) from read_parquet({literal(str(path))}) group by 1").fetchall()
            )
        basis = basis.model_copy(update={**counts, "sha256": sha256_of(path)})
        (folder / "changes.json").write_text(basis.model_dump_json(indent=2), encoding="utf-8")
        reveal(folder, target)
        return Night(target / path.name, basis)

    def _said(self, speaker: Speaker, columns: str, empty: str) -> str:
        """The records of an attempt that count, as a query for some columns."""
        parts = ", ".join(map(literal, speaker.parts))
        fetched_at = literal(speaker.attempt.outcome.finished_at.isoformat())
        return f"""
            select {columns}, _part, _record_hash, _payload, _row, {fetched_at}::timestamptz as _fetched_at
            from read_parquet([{literal(str(speaker.attempt.records()))}, {empty}], union_by_name = true)
            where _part in ({parts})"""

    def _schema(self) -> pa.Schema:
        text = [(name, pa.string()) for name in self._resource.kept]
        return pa.schema(
            [
                ("_change", pa.string()),
                *text,
                ("_part", pa.string()),
                ("_record_hash", pa.string()),
                ("_payload", pa.string()),
                ("_row", pa.int32()),
                ("_url", pa.string()),
                ("_fetched_at", pa.timestamp("us", tz="UTC")),
                ("_run_date", pa.date32()),
            ]
        )
