"""Decide which organization a mention speaks of, once and for good.

Mentions are told apart by their key: `USCC:<credit code>` where a record gives a valid one, else `NAME:<name key>`.

- A credit code is one organization, whatever names it is mentioned with. Two codes are never one organization.
- A name that one credit code alone is mentioned with stands for the organization of that code; a name of two codes
  or of none stands for an organization of its own. Nothing is guessed.
- An organization known by its name alone takes the first code that is mentioned with this name, if it is the only one.

Further methods (aliases, similarity) will add decisions of their own kind; those taken here stay.
"""

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb


@dataclass(frozen=True)
class Resolution:
    """What a night of resolving came to, in numbers of mention keys."""

    decided: int
    """mention keys decided for the first time on this night"""
    decisions: int
    """decisions in force, those of earlier nights included"""


def resolve(warehouse: Path, decisions_dir: Path, run_date: date) -> Resolution:
    """Decide every mention key of `intermediate.int_organization__mentions` and write `raw.identity_decision`.

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
        (mention_key VARCHAR, organization_id VARCHAR, method VARCHAR, score DOUBLE, decided_on DATE)
        """
    )
    held: int
    last: date | None
    held, last = db.execute("select count(*), max(decided_on) from raw.identity_decision").fetchall()[0]
    known = [file for file in files if last and file.name <= _file_name(last)]
    if (last and last > run_date) or held != _rows_of(db, known):
        db.execute("delete from raw.identity_decision")
        held, known = 0, []
    return held + _read(db, files[len(known) :])


# The decisions in some files. Files written before there were credit codes hold the name key alone.
_WRITTEN = """
with written as (
    from read_parquet(?, hive_partitioning = false, union_by_name = true)
    union all by name
    select null::varchar as mention_key, null::varchar as name_key where false
),
keyed as (
    select coalesce(mention_key, 'NAME:' || name_key) as mention_key, organization_id, method, score, decided_on
    from written
)
"""


def _read(db: duckdb.DuckDBPyConnection, files: list[Path]) -> int:
    """Add the decisions of these files; where two nights decided a key, the earlier one holds."""
    if not files:
        return 0
    return _written(
        db.execute(
            f"""
            insert into raw.identity_decision
            {_WRITTEN}
            from keyed anti join raw.identity_decision using (mention_key)
            qualify row_number() over (partition by mention_key order by decided_on, organization_id) = 1
            """,
            [[str(file) for file in files]],
        )
    )


def _decide(db: duckdb.DuckDBPyConnection, run_date: date) -> int:
    """Add a decision for every mention key that has none; return how many were added.

    Codes first, then names, so that a name finds the code that came with it. A new organization is a function of its
    first key alone, so that any machine on any night finds the same.
    """
    db.execute(_MENTIONED)
    return sum(_written(db.execute(query, [run_date])) for query in (_CODES, _NAMES))


# What is mentioned: the keys, and for every code the names it is mentioned with, in the form of a name's key.
_MENTIONED = """
create or replace temp table mentioned as
select distinct mention_key, case when mention_key like 'USCC:%' then 'NAME:' || name_key end as name_mention
from intermediate.int_organization__mentions
"""

# A name of one code alone, with this code.
_SOLE = """
select name_mention, any_value(mention_key) as code from mentioned where name_mention is not null
group by name_mention having count(distinct mention_key) = 1
"""

_CODES = f"""
insert into raw.identity_decision
with undecided as (
    select distinct mention_key from mentioned where mention_key like 'USCC:%'
    except select mention_key from raw.identity_decision
),
named as (
    select organization_id, min(mention_key) as mention_key, min(decided_on) as decided_on
    from raw.identity_decision group by organization_id
    having not bool_or(mention_key like 'USCC:%')
),
claims as (
    select code as mention_key, organization_id
    from ({_SOLE}) as sole
    join raw.identity_decision as decided on decided.mention_key = sole.name_mention
    join named using (organization_id)
    semi join undecided on undecided.mention_key = sole.code
    qualify row_number() over (partition by code order by named.decided_on, named.mention_key) = 1
        and row_number() over (partition by organization_id order by code) = 1
)
select
    mention_key,
    coalesce(organization_id, 'org-' || left(sha256(mention_key), 16)),
    case when organization_id is null then 'uscc' else 'key_name' end,
    case when organization_id is null then 1.0 else 0.95 end,
    cast(? as date)
from undecided left join claims using (mention_key)
"""

_NAMES = f"""
insert into raw.identity_decision
with undecided as (
    select distinct mention_key from mentioned where mention_key not like 'USCC:%'
    except select mention_key from raw.identity_decision
),
borne as (
    select name_mention as mention_key, organization_id
    from ({_SOLE}) as sole
    join raw.identity_decision as decided on decided.mention_key = sole.code
)
select
    mention_key,
    coalesce(organization_id, 'org-' || left(sha256(mention_key), 16)),
    case when organization_id is null then 'exact_name' else 'key_name' end,
    case when organization_id is null then 1.0 else 0.95 end,
    cast(? as date)
from undecided left join borne using (mention_key)
"""


def _keep(db: duckdb.DuckDBPyConnection, file: Path, run_date: date) -> None:
    """Write the decisions of the night, sorted, complete or not at all.

    What the file held stays in it, decisions that an earlier night has taken by now included.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.tmp")
    db.execute("create or replace temp table kept as from raw.identity_decision where decided_on = ?", [run_date])
    if file.exists():
        db.execute(
            f"insert into kept by name {_WRITTEN} select * from keyed anti join kept using (mention_key)", [[str(file)]]
        )
    db.execute(
        "copy (from kept order by mention_key) to $file (format parquet, compression zstd)", {"file": str(unfinished)}
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
