"""What consumers rely on of database 3, guarantees: its tables, and the entities whose records end in them."""

from expectations.published import PROVENANCE, TRUST, Entity, table

GUARANTOR = "guarantees.institution"
GUARANTOR_QUARTER = "guarantees.institution_quarter"
CONTRACT = "guarantees.contract"
COMPENSATION = "guarantees.compensation"
COOPERATION = "guarantees.bank_cooperation"
WITHHELD_CONTRACT = "quarantine.guarantee_contract"

_WITHHELD = table(
    "src_family resource src_record_id",
    "src_url file_sha256 fetched_at as_of row_hash dq_status rule reason raw_record run_date",
    TRUST,
)

TABLES = {
    GUARANTOR: table(
        "guarantor_id",
        "jurisdiction organization_id uscc legal_name licence_no licence_from licence_to regulator reporting_unit"
        " province2 region6 ownership kind paid_in_capital_cny registered_capital_cny reg_rating is_agri_micro"
        f" leverage_cap status list_as_of first_seen_on {PROVENANCE}",
        {
            **TRUST,
            "ownership": "'政府性', '国有', '民营', '混合'",
            "kind": "'直保', '再担保', '农担'",
            "reg_rating": "'A', 'B', 'C', 'D', 'E'",
            "status": "'在业', '注销', '吊销'",
            "reporting_unit": "select reporting_unit from reference.reporting_unit",
        },
        ends="licence_to",
    ),
    GUARANTOR_QUARTER: table(
        "guarantor_id period",
        "net_assets_cny equity_in_guarantors_cny balance_cny weighted_liability_cny micro_balance_cny micro_clients"
        " clients released_period_cny compensated_period_cny recovered_period_cny fee_ratio_avg asset_i_cny"
        " asset_ii_cny asset_iii_cny assets_cny largest_client_cny largest_group_cny leverage_ratio"
        f" compensation_ratio {PROVENANCE}",
        TRUST,
    ),
    CONTRACT: table(
        "contract_id",
        "guarantor_id contract_no client_organization_id client_name client_group creditor_name"
        " creditor_institution_id creditor_organization_id kind jurisdiction currency principal_amount balance_amount"
        " share_guarantor_ratio share_bank_ratio share_reguarantee_ratio started_on ends_on risk_weight_ratio"
        f" counter_guarantee industry status charged_off_amount report_period {PROVENANCE}",
        {
            **TRUST,
            "kind": "'借款', '债券', '其他融资', '非融资'",
            "status": "'在保', '解除', '代偿', '核销'",
            "currency": "'CNY', 'USD'",
        },
        ends="ends_on",
    ),
    COMPENSATION: table(
        "compensation_id", f"guarantor_id contract_id paid_on currency amount recovered_amount {PROVENANCE}", TRUST
    ),
    COOPERATION: table(
        "guarantor_id institution_id period",
        f"bank_name credit_line_cny used_cny bank_share_ratio valid_to {PROVENANCE}",
        TRUST,
        ends="valid_to",
    ),
    "quarantine.guarantor": _WITHHELD,
    "quarantine.guarantor_quarter": _WITHHELD,
    WITHHELD_CONTRACT: _WITHHELD,
    "quarantine.guarantee_compensation": _WITHHELD,
    "quarantine.guarantee_cooperation": _WITHHELD,
    "reference.guarantee_rule": table("rule area valid_from", "kind value unit valid_to"),
    "reference.reporting_unit": table("reporting_unit", "name province2"),
}


def _entity(name: str, quarantine: str, *sources: str, organizations: str = "", withheld: float = 0.20) -> Entity:
    """Senders come and go, so no growth is judged; as much may be withheld as one delivery of the kind may have bad."""
    return Entity(
        name,
        sources,
        f"quarantine.{quarantine}",
        organizations=tuple(organizations.split()),
        growth=None,
        withheld=withheld,
    )


ENTITIES = (
    _entity(GUARANTOR, "guarantor", "guarantee_lists/institution", organizations="organization_id"),
    _entity(GUARANTOR_QUARTER, "guarantor_quarter", "guarantor_reports/quarter"),
    _entity(
        CONTRACT,
        "guarantee_contract",
        "guarantor_reports/contract",
        "sba/loan",
        organizations="creditor_organization_id",
        withheld=0.05,
    ),
    _entity(COMPENSATION, "guarantee_compensation", "guarantor_reports/compensation"),
    _entity(COOPERATION, "guarantee_cooperation", "guarantor_reports/bank_cooperation"),
)
