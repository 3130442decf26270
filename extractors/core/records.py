"""From pages of JSON records to one Parquet file of text columns, in bulk and in constant memory."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from extractors.core.archive import PartCount
from extractors.core.errors import SchemaError
from extractors.core.pages import Bulk, Page
from extractors.core.spec import Resource
from extractors.core.sql import literal, quoted, session, write_parquet

BATCH_BYTES = 8 * 2**20
_BATCH = pa.schema(
    [
        ("part", pa.string()),
        ("crawl", pa.int32()),
        ("seq", pa.int32()),
        ("payload", pa.string()),
        ("body", pa.string()),
    ]
)


@dataclass(slots=True)
class _Part:
    """What has come of one part in its newest crawl."""

    crawl: int = 0
    fetched: int = 0
    declared: int = 0
    repeats: int = 0
    rejected: int = 0


class RecordWriter:
    """Collects the records of a resource.

    Each kept column is stored as text, under the source's name: texts to the letter, numbers as the JSON parser spells
    them (`10.50` as `10.5`; the payload keeps the source's spelling), nested values as JSON text. With them go `_part`
    (the part of the resource, '' where it is one list), `_payload` (sha256 of the payload it came in), `_row` (position
    in it, from 0) and `_record_hash` (md5 over the kept columns).
    """

    def __init__(self, resource: Resource, folder: Path) -> None:
        self._resource, self._pages = resource, folder / "pages.parquet.tmp"
        self._con = duckdb.connect()
        self._con.execute("set threads = 2; set preserve_insertion_order = true; set memory_limit = '512MB'")
        self._con.execute(f"set temp_directory = {literal(str(folder))}")
        self._writer: pq.ParquetWriter | None = None
        self._rows: list[tuple[str, int, int, str, str]] = []
        self._waiting = self._seq = 0
        self._parts: dict[str, _Part] = {}
        self._bulk: list[Path] = []
        self.unknown: set[str] = set()
        self._known = set(resource.columns) | {name.split("[")[0] for name in resource.columns}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()
        self._con.close()
        for path in [self._pages, *self._bulk]:
            path.unlink(missing_ok=True)

    @property
    def fetched(self) -> int:
        """Records received so far, with repeats, in the newest crawl of each part."""
        return sum(part.fetched for part in self._parts.values())

    @property
    def declared_total(self) -> int:
        """What the newest page of each part declared."""
        return sum(part.declared for part in self._parts.values())

    @property
    def in_parts(self) -> bool:
        """Whether the resource comes in named parts."""
        return any(self._parts)

    def add(self, page: Page, payload: str) -> None:
        """Take the records of a page that came in the payload with hash `payload`.

        Raises `SchemaError` when a required column is in none of its records.
        """
        if page.records:
            self._check(page.records)
        part = self._parts.setdefault(page.partition, _Part(page.crawl))
        if page.crawl != part.crawl:
            part.crawl, part.fetched = page.crawl, 0
        part.fetched += len(page.records)
        part.declared, part.repeats = page.declared_total, page.repeats
        self._seq += 1
        try:
            body = orjson.dumps(page.records)
        except TypeError as error:
            raise SchemaError(f"a record is nested deeper than can be stored: {error}") from None
        self._rows.append((page.partition, page.crawl, self._seq, payload, body.decode()))
        self._waiting += len(body)
        if self._waiting >= BATCH_BYTES:
            self._flush()

    def add_bulk(self, bulk: Bulk) -> None:
        """Take a part that came as one large file; nothing of it goes through memory as a whole."""
        path = self._pages.with_name(f"bulk-{len(self._bulk)}.parquet.tmp")
        self._bulk.append(path)
        self._seq += 1
        columns = [quoted(name) for name in self._resource.kept]
        source = f"read_parquet({literal(str(bulk.path))})"
        write_parquet(
            self._con,
            f"""
            select
                {", ".join(columns)}, {literal(bulk.partition)} as _part, {literal(bulk.payload)} as _payload,
                _row::integer as _row, {_hash(columns)} as _record_hash,
                0::integer as _crawl, {self._seq}::integer as _seq
            from {source}""",
            path,
        )
        counted = self._con.execute(f"select count(*) from {source}").fetchall()
        self._parts[bulk.partition] = _Part(0, counted[0][0], bulk.declared_total)

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
        arrays = [
            pa.array(column, field.type) for column, field in zip(zip(*self._rows, strict=True), _BATCH, strict=True)
        ]
        self._con.register("batch", pa.Table.from_arrays(arrays, schema=_BATCH))
        texts = ", ".join(f"record.{quoted(name)} as {quoted(name)}" for name in columns)
        flat = self._con.sql(
            f"""
            with pages as (select part, crawl, seq, payload, from_json(body, {shape}) as records from batch),
            single as (
                select part, crawl, seq, payload, unnest(range(len(records)))::integer as row, unnest(records) as record
                from pages
            )
            select
                {texts}, part as _part, payload as _payload, row as _row,
                {_hash(f"record.{quoted(name)}" for name in columns)} as _record_hash, crawl as _crawl, seq as _seq
            from single
            """
        ).to_arrow_table()
        self._con.unregister("batch")
        self._write(flat)
        self._rows, self._waiting = [], 0

    def _write(self, flat: pa.Table) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._pages, flat.schema, compression="zstd", compression_level=1)
        self._writer.write_table(flat)

    def add_table(self, table: pa.Table, part: str, payload: str, count: PartCount) -> None:
        """Take all records of a part at once: the kept columns as text, and `_row`; an earlier table of it is void.

        `payload`: hash of the payload they came in. `count`: how many rows it had, declared and could not be used.
        """
        if self._rows:
            self._flush()
        crawl = self._parts[part].crawl + 1 if part in self._parts else 0
        self._parts[part] = _Part(crawl, count.fetched, count.declared, rejected=count.rejected)
        self._seq += 1
        names = list(map(quoted, self._resource.kept))
        self._con.register("delivered", table)
        flat = self._con.sql(
            f"""
            select
                {", ".join(names)}, {literal(part)} as _part, {literal(payload)} as _payload, _row::integer as _row,
                {_hash(names)} as _record_hash, {crawl}::integer as _crawl, {self._seq}::integer as _seq
            from delivered
            """
        ).to_arrow_table()
        self._con.unregister("delivered")
        self._write(flat)

    def finish(self, target: Path) -> dict[str, PartCount]:
        """Write the distinct records, the last read of each, to `target`; return the counts of each part.

        Raises `SchemaError` for a record without its key. Whether the counts are the declared ones is for the caller to
        judge.
        """
        if self._rows or self._writer is None:
            self._rows = self._rows or [("", -1, 0, "", "[]")]
            self._flush()
        assert self._writer is not None
        self._writer.close()
        self._writer = None
        keys = ", ".join(map(quoted, self._resource.record_key))
        files = ", ".join(literal(str(path)) for path in [self._pages, *self._bulk])
        pages = f"read_parquet([{files}], union_by_name = true)"
        valid = [(name, part.crawl) for name, part in self._parts.items()] or [("", 0)]
        names, crawls = (list(values) for values in zip(*valid, strict=True))
        self._con.register("valid", pa.table({"part": names, "crawl": pa.array(crawls, pa.int32())}))
        self._require_keys(f"{pages} as page semi join valid on page._part = valid.part and page._crawl = valid.crawl")
        # Records stream through as they came; only where some came twice or are void are they sorted out first.
        rows, distinct = self._con.execute(f"select count(*), count(distinct ({keys})) from {pages}").fetchall()[0]
        untidy = not rows == distinct == self.fetched
        winners = f"""
            semi join (
                select unnest(max({{'seq': _seq, 'row': _row}})) from {pages} as page
                semi join valid on page._part = valid.part and page._crawl = valid.crawl
                group by {keys}
            ) as winner on page._seq = winner.seq and page._row = winner.row
            order by _seq, _row"""
        write_parquet(
            self._con,
            f"select page.* exclude (_crawl, _seq) from {pages} as page {winners if untidy else ''}",
            target,
        )
        counted = f"select _part, count(*) from read_parquet({literal(str(target))}) group by 1"
        found = dict(self._con.execute(counted).fetchall())
        return {
            name: PartCount(
                fetched=part.fetched,
                records=found.get(name, 0),
                declared=part.declared,
                repeats=part.repeats,
                rejected=part.rejected,
            )
            for name, part in sorted(self._parts.items())
        }

    def _require_keys(self, records: str) -> None:
        blank = " or ".join(f"nullif(trim({quoted(name)}), '') is null" for name in self._resource.record_key)
        keyless = self._con.execute(f"select _payload, _row from {records} where {blank} limit 1").fetchall()
        if keyless:
            payload, row = keyless[0]
            raise SchemaError(
                f"record {row + 1} of payload {payload[:12]} has no {' + '.join(self._resource.record_key)}"
            )


def _hash(values: Iterable[str]) -> str:
    """SQL for the hash of a record: md5 over its values, given as SQL.

    Each value has its length before it, so that NULL, '' and values that run into each other hash differently.
    """
    sized = ", ".join(f"coalesce(strlen({value}) || ':' || {value}, '-')" for value in values)
    return f"md5(concat({sized}))"


def content_hash(resource: Resource, records: Path, parts: Collection[str]) -> str:
    """A hash over the records of some parts of a records file, in key order, and over the parts themselves."""
    keys = ", ".join(map(quoted, resource.record_key))
    with session() as con:
        rows = con.execute(
            f"""select md5(? || coalesce(string_agg(_record_hash, '' order by {keys}), ''))
            from read_parquet({literal(str(records))}) where list_contains(?, _part)""",
            ["\n".join(sorted(parts)), sorted(parts)],
        ).fetchall()
    return str(rows[0][0])
