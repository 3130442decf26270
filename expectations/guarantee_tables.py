"""Tables of database 3, guarantees, that consumers rely on, and the entities that end in them."""

from expectations.published import PROVENANCE, TRUST, Entity, table

GUARANTOR = "guarantees.institution"
GUARANTOR_QUARTER = "guarantees.institution_quarter"
CONTRACT = "guarantees.contract"
COMPENSATION = "guarantees.compensation"
COOPERATION = "guarantees.bank_cooperation"

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
    **{
        f"quarantine.{entity}": table(
            "src_family resource src_record_id",
            "src_url file_sha256 fetched_at as_of row_hash dq_status rule reason raw_record run_date",
            TRUST,
        )
        for entity in (
            "guarantor",
            "guarantor_quarter",
            "guarantee_contract",
            "guarantee_compensation",
            "guarantee_cooperation",
        )
    },
    "reference.guarantee_rule": table("rule area valid_from", "kind value unit valid_to"),
    "reference.reporting_unit": table("reporting_unit", "name province2"),
}

# Guarantors come and go as senders, and each delivery is judged on arrival.
ENTITIES = (
    Entity(GUARANTOR, ("guarantee_lists/institution",), "quarantine.guarantor", growth=None, withheld=0.05),
    Entity(
        GUARANTOR_QUARTER,
        ("guarantor_reports/quarter",),
        "quarantine.guarantor_quarter",
        organizations=(),
        growth=None,
        withheld=0.20,
    ),
    # Natural persons among the clients have no organization.
    Entity(
        CONTRACT,
        ("guarantor_reports/contract", "sba/loan"),
        "quarantine.guarantee_contract",
        organizations=("creditor_organization_id",),
        growth=None,
        withheld=0.05,
    ),
    Entity(
        COMPENSATION,
        ("guarantor_reports/compensation",),
        "quarantine.guarantee_compensation",
        organizations=(),
        growth=None,
        withheld=0.20,
    ),
    Entity(
        COOPERATION,
        ("guarantor_reports/bank_cooperation",),
        "quarantine.guarantee_cooperation",
        organizations=(),
        growth=None,
        withheld=0.20,
    ),
)
