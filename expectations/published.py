"""What consumers rely on: tables, keys, columns and codes of a release; and what two files really hold.

Declared a second time, apart from dbt's contracts, so that changing a model does not move the goal posts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

PROJECT = "listing_pipeline.project"
EVENT = "listing_pipeline.project_event"
SOURCE_STATUS = "quality.source_status"
ROW_BALANCE = "quality.row_balance"
QUARANTINE = "quarantine.listing_project"
INSTITUTION = "financial_institutions.institution"
BRANCH = "financial_institutions.branch"
PRODUCT = "financial_institutions.product"
CRITERION = "financial_institutions.product_criterion"
PENALTY = "financial_institutions.penalty"

# Days on which something ends: they may lie in the future, up to 2099, or be 9999-12-31 for without end.
EXPIRIES = frozenset({(PRODUCT, "stated_from"), (PRODUCT, "stated_to")})

PROVENANCE = "src_family src_record_id src_url file_sha256 fetched_at as_of row_hash dq_status"
_TRUST = {"dq_status": "'pass', 'warn', 'quarantine'"}
_EXCHANGE = {"exchange": "'SSE', 'SZSE', 'BSE'"}
_STATUS = {"status": "select status from reference.status"}


@dataclass(frozen=True, slots=True)
class Table:
    """A published table: its primary key, the columns it must have, the values of its coded columns as a SQL list."""

    key: tuple[str, ...]
    columns: frozenset[str]
    codes: Mapping[str, str]


def _table(key: str, columns: str, codes: Mapping[str, str] | None = None) -> Table:
    return Table(tuple(key.split()), frozenset(f"{key} {columns}".split()), codes or {})


TABLES: Mapping[str, Table] = {
    PROJECT: _table(
        "exchange project_id",
        "organization_id company_name title_raw board status raw_status raw_sub raw_status_label"
        " plan_raise_cny accepted_on updated_on sponsor_name law_firm_name accountant_name region csrc_industry"
        f" neeq_code first_seen_on status_since {PROVENANCE}",
        {**_EXCHANGE, **_STATUS, **_TRUST, "board": "'主板', '科创板', '创业板', '北交所'"},
    ),
    EVENT: _table(
        "exchange project_id seen_on",
        f"event_on previous_status status raw_status raw_sub raw_status_label days_in_prev is_first_seen {PROVENANCE}",
        {**_EXCHANGE, **_STATUS, **_TRUST},
    ),
    "listing_pipeline.project_history": _table(
        "exchange project_id valid_from",
        f"status raw_status raw_sub raw_status_label valid_to {PROVENANCE}",
        {**_EXCHANGE, **_STATUS, **_TRUST},
    ),
    "organizations.organization": _table(
        "organization_id",
        f"jurisdiction legal_name name_key org_form first_seen_on {PROVENANCE}",
        {
            **_TRUST,
            "org_form": "'股份', '有限', '有限合伙', '普通合伙', '事业', '社团', '合作社', '境外', '分支', '其他'",
        },
    ),
    "organizations.name": _table(
        "organization_id name valid_from",
        f"name_key name_type valid_to {PROVENANCE}",
        {**_TRUST, "name_type": "'全称', '曾用名', '简称', '品牌', '证券简称', '英文', '繁体', '项目题名'"},
    ),
    "organizations.identifier": _table(
        "id_type id_value organization_id",
        f"valid_from valid_to {PROVENANCE}",
        {**_TRUST, "id_type": "'USCC', 'NFRA15', 'ABN', 'SSE_AUDIT', 'SZSE_PRJ', 'BSE_PRJ', 'NEEQ'"},
    ),
    SOURCE_STATUS: _table(
        "source_id resource",
        "max_age_nights status good_run_date age_nights declared_total fetched duplicates records selected",
        {"status": "'complete', 'unchanged', 'partial', 'failed', 'not_run'"},
    ),
    ROW_BALANCE: _table(
        "source_id resource",
        "fetched duplicates records staged quarantined conformed merged carried published",
    ),
    QUARANTINE: _table("exchange project_id", f"rule reason raw_record run_date {PROVENANCE}", {**_EXCHANGE, **_TRUST}),
    INSTITUTION: _table(
        "institution_id",
        "jurisdiction organization_id nfra_code legal_name name_en fi_type fi_type_raw supervisor_unit business_number"
        f" licence_status list_as_of first_seen_on {PROVENANCE}",
        {
            **_TRUST,
            "jurisdiction": "'CN', 'AU'",
            "fi_type": "select fi_type from reference.fi_type_map",
            "licence_status": "'在业', '注销', '吊销'",
        },
    ),
    BRANCH: _table(
        "branch_id",
        "institution_id parent_branch_id branch_name cnaps12 region6 city_unit is_tech_branch status list_period"
        f" {PROVENANCE}",
        {**_TRUST, "status": "'在业', '注销'", "region6": "select code from reference.region"},
    ),
    PRODUCT: _table(
        "product_id version",
        "jurisdiction institution_id product_no product_name category category_raw target currency limit_min_amount"
        " limit_max_amount limit_raw rate_min rate_max rate_basis rate_raw rate_flag term_min_months term_max_months"
        " repay_method is_guarantee_required risk_share_bank_ratio has_subsidy regions stated_from stated_to status"
        f" reviewed_on valid_from valid_to is_current {PROVENANCE}",
        {
            **_TRUST,
            "jurisdiction": "'CN', 'AU'",
            "category": "select category from reference.product_category_map",
            "target": "'企业', '个体', '团队'",
            "currency": "'CNY', 'AUD'",
            "rate_basis": "'固定', 'LPR+bp', '浮动', '固定/浮动'",
            "rate_flag": "'percent_slip', 'unreadable'",
            "status": "'draft', 'published', 'offline', 'withdrawn'",
        },
    ),
    CRITERION: _table(
        "product_id version seq",
        f"subject field op value unit is_hard weight text is_current {PROVENANCE}",
        {
            **_TRUST,
            "subject": "'company', 'credit', 'entry', 'vc', 'listing'",
            "op": "'=', '≠', '≥', '≤', 'in', 'not_in', 'exists', 'none_since'",
        },
    ),
    PENALTY: _table(
        "penalty_id",
        "decision_no organization_id institution_id party_name authority decided_on published_on amount_cny reason"
        f" basis decision_text {PROVENANCE}",
        _TRUST,
    ),
    **{
        f"quarantine.{entity}": _table(
            "src_family resource src_record_id",
            "src_url file_sha256 fetched_at as_of row_hash dq_status rule reason raw_record run_date",
            _TRUST,
        )
        for entity in ("financial_institution", "bank_branch", "financial_product", "financial_penalty")
    },
    "reference.board_map": _table("exchange raw_board", "board"),
    "reference.criterion_field": _table("subject field", "value_type unit_kind"),
    "reference.fi_type_map": _table("word", "fi_type"),
    "reference.product_category_map": _table("jurisdiction word", "category"),
    "reference.region": _table("code valid_from", "name level valid_to"),
    "reference.unit": _table("word", "kind factor base"),
    "reference.status": _table("status", "is_terminal"),
    "reference.status_map": _table("exchange raw_status raw_sub", "canonical"),
    "reference.status_transition": _table("from_status to_status", "kind"),
}


Columns = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Release:
    """The candidate as rules see it: table → column → DuckDB type, the previous release's, the night."""

    run_date: date
    tables: Columns
    previous: Columns
    previous_id: str | None

    @property
    def lost(self) -> list[str]:
        """Tables that consumers rely on, or had in the previous release, and do not get."""
        return sorted({*TABLES, *self.previous} - {*self.tables})

    @property
    def undeclared(self) -> list[str]:
        """Tables without a declaration here; small code lists may do without."""
        return sorted(name for name in {*self.tables} - {*TABLES} if not name.startswith("reference."))

    def key(self, table: str) -> tuple[str, ...]:
        """The declared primary key; empty where none is declared."""
        return TABLES[table].key if table in TABLES else ()

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
