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
GUARANTOR = "guarantees.institution"
GUARANTOR_QUARTER = "guarantees.institution_quarter"
CONTRACT = "guarantees.contract"
COMPENSATION = "guarantees.compensation"
COOPERATION = "guarantees.bank_cooperation"

# Days on which something ends: they may lie in the future, up to 2099, or be 9999-12-31 for without end.
EXPIRIES = frozenset({(GUARANTOR, "licence_to"), (CONTRACT, "ends_on"), (COOPERATION, "valid_to")})

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
        {**_TRUST, "id_type": "'SSE_AUDIT', 'SZSE_PRJ', 'BSE_PRJ', 'NEEQ'"},
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
    GUARANTOR: _table(
        "guarantor_id",
        "jurisdiction organization_id uscc legal_name licence_no licence_from licence_to regulator reporting_unit"
        " province2 region6 ownership kind paid_in_capital_cny registered_capital_cny reg_rating is_agri_micro"
        f" leverage_cap status list_as_of first_seen_on {PROVENANCE}",
        {
            **_TRUST,
            "ownership": "'政府性', '国有', '民营', '混合'",
            "kind": "'直保', '再担保', '农担'",
            "reg_rating": "'A', 'B', 'C', 'D', 'E'",
            "status": "'在业', '注销', '吊销'",
            "reporting_unit": "select reporting_unit from reference.reporting_unit",
        },
    ),
    GUARANTOR_QUARTER: _table(
        "guarantor_id period",
        "net_assets_cny equity_in_guarantors_cny balance_cny weighted_liability_cny micro_balance_cny micro_clients"
        " clients released_period_cny compensated_period_cny recovered_period_cny fee_ratio_avg asset_i_cny"
        " asset_ii_cny asset_iii_cny assets_cny largest_client_cny largest_group_cny leverage_ratio"
        f" compensation_ratio {PROVENANCE}",
        _TRUST,
    ),
    CONTRACT: _table(
        "contract_id",
        "guarantor_id contract_no client_organization_id client_name client_group creditor_name"
        " creditor_institution_id creditor_organization_id kind jurisdiction currency principal_amount balance_amount"
        " share_guarantor_ratio share_bank_ratio share_reguarantee_ratio started_on ends_on risk_weight_ratio"
        f" counter_guarantee industry status charged_off_amount report_period {PROVENANCE}",
        {
            **_TRUST,
            "kind": "'借款', '债券', '其他融资', '非融资'",
            "status": "'在保', '解除', '代偿', '核销'",
            "currency": "'CNY', 'USD'",
        },
    ),
    COMPENSATION: _table(
        "compensation_id", f"guarantor_id contract_id paid_on currency amount recovered_amount {PROVENANCE}", _TRUST
    ),
    COOPERATION: _table(
        "guarantor_id institution_id period",
        f"bank_name credit_line_cny used_cny bank_share_ratio valid_to {PROVENANCE}",
        _TRUST,
    ),
    **{
        f"quarantine.{entity}": _table(
            "src_family resource src_record_id",
            "src_url file_sha256 fetched_at as_of row_hash dq_status rule reason raw_record run_date",
            _TRUST,
        )
        for entity in (
            "guarantor",
            "guarantor_quarter",
            "guarantee_contract",
            "guarantee_compensation",
            "guarantee_cooperation",
        )
    },
    "reference.board_map": _table("exchange raw_board", "board"),
    "reference.guarantee_rule": _table("rule area valid_from", "kind value unit valid_to"),
    "reference.reporting_unit": _table("reporting_unit", "name province2"),
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
