"""US Small Business Administration: the guaranteed-loan files behind the agency's catalogue.

The catalogue (`/data.json`, DCAT-US 1.1) names the data set, the data set its files. The files are large: they are
fetched when the catalogue says that they are others or modified, and from time to time whatever it says; they go to the
disk, through DuckDB, and out again, never through memory as a whole.
"""

import codecs
import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import duckdb

from extractors.core.errors import SchemaError
from extractors.core.http import Client
from extractors.core.pages import Bulk, Cursor, Page, Record, Since, Warn, Yielded, at
from extractors.core.spec import all_specs
from extractors.core.sql import literal, write_parquet
from extractors.sources.sba.heads import archived, head_of, loans

DATASET = "0ff8e8e9-b967-4f4e-987c-6ac78c575087"


def loan(client: Client, since: Since) -> Iterator[Yielded]:
    """Yield every 7(a) loan, one part a file; nothing new where the files are those of the cursor."""
    columns = all_specs()["sba"].resources["loan"].kept
    dataset = _dataset(client)
    files = _files(dataset)
    modified = str(dataset.get("modified") or "")
    state = json.dumps([modified, *files.values()])
    if modified and state == since.cursor:
        for part in files:
            yield Page([], 0, partition=part)
        yield Cursor(state, whole=False)
        return
    for part, url in files.items():
        with client.at(url).download("") as came:
            yield from _read(came.path, part, columns, came.keep)
    yield Cursor(state, whole=True)


def _dataset(client: Client) -> Record:
    """The entry of the loan files in the catalogue."""
    catalogue = client.get_json("/data.json", has=("dataset",))
    datasets = [found for found in at(catalogue, "dataset", list) if DATASET in str(found.get("identifier", ""))]
    if not datasets:
        datasets = [found for found in catalogue["dataset"] if re.search(r"7\(a\).*FOIA", str(found.get("title")))]
    if len(datasets) != 1:
        raise SchemaError(f"expected one data set {DATASET} or '7(a) … FOIA' in the catalogue, got {len(datasets)}")
    found: Record = datasets[0]
    return found


def _files(dataset: Record) -> dict[str, str]:
    """The 7(a) files of the data set: name of the part (the file's, less its date) → address."""
    files: dict[str, str] = {}
    for distribution in at(dataset, "distribution", list):
        url = str(distribution.get("downloadURL") or "")
        name = PurePosixPath(urlsplit(url).path).name
        if name.lower().endswith(".csv") and re.search(r"7-?\(?a\b", name.lower()):
            part = re.sub(r"[-_ ]*as[-_ ]?of[-_ ]?\d+", "", name.lower()).removesuffix(".csv")
            if part in files:
                raise SchemaError(f"two files of the catalogue are {part!r}: {files[part]}, {url}")
            files[part] = url
    if not files:
        named = [_named(distribution) for distribution in dataset["distribution"]]
        raise SchemaError(f"expected CSV files of 7(a) loans in the data set, got {', '.join(named)[:400] or 'none'}")
    return dict(sorted(files.items()))


def _named(distribution: Record) -> str:
    return str(distribution.get("title") or distribution.get("downloadURL"))


def _read(path: Path, part: str, columns: list[str], keep: Callable[[Path, int], str]) -> Iterator[Yielded]:
    folder = path.parent
    mapped, kept = folder / f"{part}.mapped.tmp", folder / f"{part}.csv.zst"
    try:
        with duckdb.connect() as con:
            con.execute("set threads = 2; set preserve_insertion_order = true; set memory_limit = '1GB'")
            con.execute(f"set temp_directory = {literal(str(folder))}")
            present = _head(path, part)
            head = head_of(present, part)
            if strange := head.strange(present):
                yield Warn(f"{part}: unknown columns {', '.join(strange)}: neither loaded nor archived")
            target = literal(str(kept))
            names = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in present)
            raw = f"""(
                select *, row_number() over () - 1 as _row from read_csv(
                    {literal(str(path))}, auto_detect = false, header = true, columns = {{{names}}}, delim = ',',
                    quote = '"', escape = '"', strict_mode = true, encoding = {literal(_encoding(path))})
            )"""
            try:
                write_parquet(con, loans(head, present, raw, columns), mapped)
                con.execute(f"copy ({archived(head, present, raw)}) to {target} (format csv, header, compression zstd)")
                figures = con.execute(
                    "select count(*), count(*) filter (is_individual = 'true') "
                    f"from read_parquet({literal(str(mapped))})"
                ).fetchall()
            except duckdb.InvalidInputException as error:
                # DuckDB quotes the line, in which a person may be named: only its number is told.
                line = re.search(r"Line: (\d+)", str(error))
                where = f"line {line[1]}" if line else "somewhere"
                raise SchemaError(f"{part}, {where}: not readable as CSV with {len(present)} columns") from None
        rows, persons = figures[0]
        yield Bulk(mapped, rows, keep(kept, persons), part)
    finally:
        mapped.unlink(missing_ok=True)


def _head(path: Path, part: str) -> list[str]:
    """The column names of a file, small and without anything but letters and digits."""
    with path.open("rb") as file:
        line = file.readline(2**16).decode("utf-8-sig", "replace")
    names = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in next(csv.reader(io.StringIO(line)), [])]
    if len(set(names)) != len(names) or "" in names:
        raise SchemaError(f"{part}: expected a head with a name for each column, got {line[:400]!r}")
    return names


def _encoding(path: Path) -> str:
    """UTF-8 where every byte allows it, else Latin-1, in which the older files are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while chunk := file.read(2**20):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8"
