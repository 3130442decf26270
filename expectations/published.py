"""What consumers rely on: tables, keys, columns and codes of a release; and what two files really hold.

Declared a second time, apart from dbt's contracts, so that changing a model does not move the goal posts. Here stand
the tables that belong to no single database; each database declares its own in its module, as `TABLES` and `ENTITIES`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

SOURCE_STATUS = "quality.source_status"
ROW_BALANCE = "quality.row_balance"
REGION = "reference.region"

PROVENANCE = "src_family src_record_id src_url file_sha256 fetched_at as_of row_hash dq_status"
TRUST = {"dq_status": "'pass', 'warn', 'quarantine'"}
VISIBILITY = {"visibility": "'public', 'partner', 'internal'"}


@dataclass(frozen=True, slots=True)
class Table:
    """A published table: its primary key, the columns it must have, the values of its coded columns as a SQL list.

    `ends`: date columns that say when something ends, which may be later than tomorrow. `key_rule`: the number of the
    rule about its key.
    """

    key: tuple[str, ...]
    columns: frozenset[str]
    codes: Mapping[str, str]
    ends: frozenset[str]
    key_rule: str


@dataclass(frozen=True, slots=True)
class Entity:
    """A table in which records of sources end, and what is believable of it.

    `sources`: its resources as `source/resource`, none of them another entity's. `current`: the rows that stand for a
    record today, as SQL. `organizations`: columns that nearly always name an organization. `growth`: the most rows a
    source may have, as a multiple of the previous release's; None where senders come and go and each delivery is judged
    on arrival. `withheld`: the largest believable share of a source's records in `quarantine`.
    """

    table: str
    sources: tuple[str, ...]
    quarantine: str
    current: str = "true"
    organizations: tuple[str, ...] = ("organization_id",)
    growth: float | None = 1.20
    withheld: float = 0.01


def table(
    key: str, columns: str, codes: Mapping[str, str] | None = None, *, ends: str = "", key_rule: str = "S3"
) -> Table:
    """A `Table` from lists of names with blanks between them."""
    return Table(
        tuple(key.split()), frozenset(f"{key} {columns}".split()), codes or {}, frozenset(ends.split()), key_rule
    )


TABLES: Mapping[str, Table] = {
    "organizations.organization": table(
        "organization_id",
        f"jurisdiction uscc region6 legal_name name_key org_form first_seen_on visibility {PROVENANCE}",
        {
            **TRUST,
            **VISIBILITY,
            "org_form": "'股份', '有限', '有限合伙', '普通合伙', '事业', '社团', '合作社', '境外', '分支', '其他'",
        },
    ),
    "organizations.name": table(
        "organization_id name valid_from",
        f"name_key name_type valid_to visibility {PROVENANCE}",
        {
            **TRUST,
            **VISIBILITY,
            "name_type": "'全称', '曾用名', '简称', '品牌', '证券简称', '英文', '繁体', '项目题名'",
        },
    ),
    "organizations.identifier": table(
        "id_type id_value organization_id",
        f"valid_from valid_to visibility {PROVENANCE}",
        {**TRUST, **VISIBILITY, "id_type": "select id_type from reference.identifier_scheme"},
    ),
    "organizations.role": table(
        "organization_id role",
        f"jurisdiction first_seen_on visibility {PROVENANCE}",
        {
            **TRUST,
            **VISIBILITY,
            "role": "'bank', 'financial_institution', 'guarantor', 'client', 'creditor', 'vc_manager', 'vc_fund',"
            " 'entrant', 'service_org', 'incubator', 'candidate', 'listed', 'sponsor', 'law_firm', 'accountant',"
            " 'rating_agency'",
        },
    ),
    SOURCE_STATUS: table(
        "source_id resource",
        "max_age_nights status good_run_date age_nights old_parts declared_total fetched duplicates records selected",
        {"status": "'complete', 'unchanged', 'partial', 'failed', 'not_run'"},
    ),
    ROW_BALANCE: table(
        "source_id resource",
        "fetched duplicates rejected records staged quarantined conformed merged carried published",
    ),
    "quality.delivery": table(
        "delivery_id",
        "source_id resource sender period file_name sha256 received_on status rows faulty_rows rejected_rows message"
        " is_current visibility",
        {**VISIBILITY, "status": "'loaded', 'repeated', 'rejected', 'withdrawn'"},
    ),
    REGION: table("code valid_from", "name level parent_code province2 valid_to"),
    "reference.identifier_scheme": table("id_type", "name jurisdiction pattern"),
}


Columns = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Release:
    """The candidate as rules see it: table → column → DuckDB type, the previous release's, the night, what is due."""

    run_date: date
    tables: Columns
    previous: Columns
    previous_id: str | None
    declared: Mapping[str, Table]
    entities: Sequence[Entity]

    @property
    def lost(self) -> list[str]:
        """Tables that consumers rely on, or had in the previous release, and do not get."""
        return sorted({*self.declared, *self.previous} - {*self.tables})

    @property
    def undeclared(self) -> list[str]:
        """Tables without a declaration; small code lists may do without."""
        return sorted(name for name in {*self.tables} - {*self.declared} if not name.startswith("reference."))

    def key(self, table: str) -> tuple[str, ...]:
        """The declared primary key; empty where none is declared."""
        return self.declared[table].key if table in self.declared else ()

    def leading_key(self, table: str) -> str:
        """The key as the head of a select list, with its last comma."""
        return "".join(f"{column}, " for column in self.key(table))


def columns_of(database: Path) -> Columns:
    """Table → column → type of a DuckDB file. Raises `duckdb.Error` when the file cannot be read."""
    tables: dict[str, dict[str, str]] = {}
    with duckdb.connect(database, read_only=True) as connection:
        rows = connection.execute(
            "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns()"
            " where database_name = current_database() and not internal order by 1, column_index"
        ).fetchall()
    for table, column, kind in rows:
        tables.setdefault(table, {})[column] = kind
    return tables
