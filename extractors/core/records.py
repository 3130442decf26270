"""From pages of JSON records to one Parquet file of text columns, in bulk and in constant memory."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from extractors.core.errors import SchemaError
from extractors.core.pages import Page
from extractors.core.spec import Resource
from extractors.core.sql import literal, quoted, write_parquet

BATCH_BYTES = 8 * 2**20
_BATCH = pa.schema([("crawl", pa.int32()), ("seq", pa.int32()), ("payload", pa.string()), ("body", pa.string())])


@dataclass(frozen=True, slots=True)
class Counts:
    """Records received with repeats, distinct ones, and a hash over all of them in key order."""

    fetched: int
    records: int
    content_hash: str

    @property
    def duplicates(self) -> int:
        """Repeats of a record that was read again while the list moved."""
        return self.fetched - self.records


class RecordWriter:
    """Collects the records of a resource.

    Each kept column is stored as text, exactly as the source wrote it, under the source's name (nested values
    as JSON text), with `_payload` (sha256 of the payload it came in), `_row` (position in it, from 0) and
    `_record_hash` (md5 over the kept columns).
    """

    def __init__(self, resource: Resource, folder: Path) -> None:
        self._resource, self._pages = resource, folder / "pages.parquet.tmp"
        self._con = duckdb.connect()
        self._con.execute("set threads = 2; set preserve_insertion_order = true; set memory_limit = '2GB'")
        self._con.execute(f"set temp_directory = {literal(str(folder))}")
        self._writer: pq.ParquetWriter | None = None
        self._rows: list[tuple[int, int, str, str]] = []
        self._waiting = self._seq = self._crawl = self._total = 0
        self.fetched = 0
        self.unknown: set[str] = set()
        self._known = set(resource.columns) | {name.split("[")[0] for name in resource.columns}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()
        self._con.close()
        self._pages.unlink(missing_ok=True)

    @property
    def declared_total(self) -> int:
        """What the newest page declared."""
        return self._total

    def add(self, page: Page, payload: str) -> None:
        """Take the records of a page that came in the payload with hash `payload`.

        Raises `SchemaError` when a required column is in none of its records.
        """
        if page.records:
            self._check(page.records)
        if page.crawl != self._crawl:
            self.fetched = 0
        self._crawl, self._total = page.crawl, page.declared_total
        self.fetched += len(page.records)
        self._seq += 1
        body = orjson.dumps(page.records)
        self._rows.append((page.crawl, self._seq, payload, body.decode()))
        self._waiting += len(body)
        if self._waiting >= BATCH_BYTES:
            self._flush()

    def _check(self, records: list[dict[str, Any]]) -> None:
        present: set[str] = set().union(*records)
        missing = self._resource.required - present
        if missing:
            raise SchemaError(
                f"required column {', '.join(sorted(missing))} is missing from every record; "
                f"got {', '.join(sorted(present))}"
            )
        self.unknown |= present - self._known

    def _flush(self) -> None:
        columns = self._resource.kept
        shape = literal(orjson.dumps([dict.fromkeys(columns, "VARCHAR")]).decode())
        batch = pa.Table.from_arrays([pa.array(column) for column in zip(*self._rows, strict=True)], schema=_BATCH)
        self._con.register("batch", batch)
        texts = ", ".join(f"record.{quoted(name)} as {quoted(name)}" for name in columns)
        # Each value with its length before it, so that NULL, '' and values that run into each other hash differently.
        values = (f"record.{quoted(name)}" for name in columns)
        hashed = ", ".join(f"coalesce(strlen({value}) || ':' || {value}, '-')" for value in values)
        flat = self._con.sql(
            f"""
            with pages as (select crawl, seq, payload, from_json(body, {shape}) as records from batch),
            single as (
                select crawl, seq, payload, unnest(range(len(records)))::integer as row, unnest(records) as record
                from pages
            )
            select
                {texts}, payload as _payload, row as _row,
                md5(concat({hashed})) as _record_hash, crawl as _crawl, seq as _seq
            from single
            """
        ).to_arrow_table()
        self._con.unregister("batch")
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._pages, flat.schema, compression="zstd", compression_level=1)
        self._writer.write_table(flat)
        self._rows, self._waiting = [], 0

    def finish(self, target: Path) -> Counts:
        """Write the distinct records, the last read of each, to `target` in key order.

        Raises `SchemaError` for a record without its key. Whether the count is the declared one is for the caller
        to judge.
        """
        if self._rows or self._writer is None:
            self._rows = self._rows or [(0, 0, "", "[]")]
            self._flush()
        assert self._writer is not None
        self._writer.close()
        self._writer = None
        keys = ", ".join(map(quoted, self._resource.key))
        source = f"read_parquet({literal(str(self._pages))})"
        blank = " or ".join(f"nullif(trim({quoted(name)}), '') is null" for name in self._resource.key)
        keyless = self._con.sql(
            f"select _payload, _row from {source} where _crawl = {self._crawl} and ({blank}) limit 1"
        ).fetchall()
        if keyless:
            payload, row = keyless[0]
            raise SchemaError(f"record {row + 1} of payload {payload[:12]} has no {' + '.join(self._resource.key)}")
        write_parquet(
            self._con,
            f"""
            select * exclude (_crawl, _seq) from {source} where _crawl = {self._crawl}
            qualify row_number() over (partition by {keys} order by _seq desc, _row desc) = 1
            order by {keys}
            """,
            target,
        )
        written = f"read_parquet({literal(str(target))})"
        row = self._con.sql(
            f"select count(*), md5(coalesce(string_agg(_record_hash, '' order by {keys}), '')) from {written}"
        ).fetchall()[0]
        return Counts(self.fetched, row[0], row[1])
