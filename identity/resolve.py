"""Decide which organization a name stands for, once and for good.

The one method so far is the exact name: names with the same name key are one organization. Further methods
(codes, aliases, similarity) will add decisions of their own kind; those taken here stay.
"""

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb


@dataclass(frozen=True)
class Resolution:
    """What a night of resolving came to, in numbers of name keys."""

    decided: int
    """name keys decided for the first time on this night"""
    decisions: int
    """decisions in force, those of earlier nights included"""


def resolve(warehouse: Path, decisions_dir: Path, run_date: date) -> Resolution:
    """Decide every name key of `intermediate.int_organization__mentions` and write `raw.identity_decision`.

    Decisions are kept in `decisions_dir`, one Parquet file a night (`run_date=D.parquet`), holding the keys first
    decided on it. A decision is never dropped or rewritten: resolving a night again leaves its file as it is, or
    adds keys to it. Nights after `run_date` are not looked at: a night of the past comes out as it did.

    Raises `duckdb.Error` if the warehouse has no mentions or a decision file cannot be read; no file is touched
    then.
    """
    tonight = decisions_dir / _file_name(run_date)
    with duckdb.connect(str(warehouse)) as db:
        decisions = _recall(db, decisions_dir, run_date)
        decided = _decide(db, run_date)
        if decided or not tonight.exists():
            _keep(db, tonight, run_date)
    return Resolution(decided=decided, decisions=decisions + decided)


def _file_name(night: date) -> str:
    return f"run_date={night:%Y-%m-%d}.parquet"


def _recall(db: duckdb.DuckDBPyConnection, decisions_dir: Path, run_date: date) -> int:
    """Bring `raw.identity_decision` to what the files up to the night say; return how many decisions that is.

    The table stays in the warehouse between nights. If it agrees with the files up to its last night, only later
    files are read; if not (a new warehouse, a night of the past, an interrupted run), it is read anew.
    """
    tonight = _file_name(run_date)
    files = sorted(file for file in decisions_dir.glob("run_date=*.parquet") if file.name <= tonight)
    db.execute("create schema if not exists raw")
    db.execute(
        """
        create table if not exists raw.identity_decision
        (name_key VARCHAR, organization_id VARCHAR, method VARCHAR, score DOUBLE, decided_on DATE)
        """
    )
    held: int
    last: date | None
    held, last = db.execute("select count(*), max(decided_on) from raw.identity_decision").fetchall()[0]
    known = [file for file in files if last and file.name <= _file_name(last)]
    if held != _rows_of(db, known):
        db.execute("delete from raw.identity_decision")
        held, known = 0, []
    return held + _read(db, files[len(known) :])


def _read(db: duckdb.DuckDBPyConnection, files: list[Path]) -> int:
    """Add the decisions of these files; where two nights decided a key, the earlier one holds."""
    if not files:
        return 0
    return _written(
        db.execute(
            """
            insert into raw.identity_decision
            select name_key, organization_id, method, score, decided_on
            from read_parquet(?, hive_partitioning = false)
            anti join raw.identity_decision using (name_key)
            qualify row_number() over (partition by name_key order by decided_on) = 1
            """,
            [[str(file) for file in files]],
        )
    )


def _decide(db: duckdb.DuckDBPyConnection, run_date: date) -> int:
    """Add a decision for every name key that has none; return how many were added.

    The organization is a function of the key alone, so that any machine on any night finds the same.
    """
    return _written(
        db.execute(
            """
            insert into raw.identity_decision
            select distinct name_key, 'org-' || left(sha256(name_key), 16), 'exact_name', 1.0, cast(? as date)
            from intermediate.int_organization__mentions
            anti join raw.identity_decision using (name_key)
            """,
            [run_date],
        )
    )


def _keep(db: duckdb.DuckDBPyConnection, file: Path, run_date: date) -> None:
    """Write the decisions of the night, sorted, complete or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.tmp")
    db.execute(
        """
        copy (select * from raw.identity_decision where decided_on = $night order by name_key)
        to $file (format parquet, compression zstd)
        """,
        {"night": run_date, "file": str(unfinished)},
    )
    with unfinished.open("rb") as written:
        os.fsync(written.fileno())
    unfinished.replace(file)


def _rows_of(db: duckdb.DuckDBPyConnection, files: list[Path]) -> int:
    """How many rows the files hold, by their footers."""
    if not files:
        return 0
    query = "select sum(num_rows) from parquet_file_metadata(?)"
    return int(db.execute(query, [[str(file) for file in files]]).fetchall()[0][0])


def _written(done: duckdb.DuckDBPyConnection) -> int:
    """How many rows an insert has written."""
    return int(done.fetchall()[0][0])
