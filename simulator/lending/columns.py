"""The columns of the tables of the truth and of the answers, in order, for tables without rows too."""

COLUMNS: dict[str, str] = {
    "financial_institutions.institution": """
        institution_id jurisdiction nfra_code legal_name name_en fi_type fi_type_raw supervisor_unit
        business_number licence_status list_as_of first_seen_on
    """,
    "financial_institutions.branch": """
        branch_id institution_id parent_branch_id branch_name cnaps12 region6 city_unit is_tech_branch
        status list_period
    """,
    "financial_institutions.product": """
        product_id version jurisdiction institution_id product_no product_name category target currency
        limit_min_amount limit_max_amount rate_min rate_max rate_basis rate_flag term_min_months
        term_max_months repay_method is_guarantee_required risk_share_bank_ratio has_subsidy regions
        valid_from valid_to stated_from stated_to status reviewed_on is_current
    """,
    "financial_institutions.product_criterion": """
        product_id version seq subject field op value unit is_hard weight text is_current
    """,
    "financial_institutions.penalty": """
        penalty_id decision_no institution_id party_name authority decided_on published_on amount_cny reason
        basis decision_text
    """,
    "guarantees.institution": """
        guarantor_id jurisdiction uscc legal_name licence_no licence_from licence_to regulator
        reporting_unit province2 region6 ownership kind paid_in_capital_cny registered_capital_cny
        reg_rating leverage_cap status list_as_of first_seen_on
    """,
    "guarantees.institution_quarter": """
        guarantor_id period net_assets_cny equity_in_guarantors_cny balance_cny weighted_liability_cny
        micro_balance_cny micro_clients clients released_period_cny compensated_period_cny
        recovered_period_cny asset_i_cny asset_ii_cny asset_iii_cny assets_cny largest_client_cny
        largest_group_cny fee_ratio_avg leverage_ratio compensation_ratio
    """,
    "guarantees.contract": """
        contract_id guarantor_id contract_no client_uscc client_name client_group creditor_name
        creditor_institution_id kind jurisdiction currency principal_amount balance_amount
        share_guarantor_ratio share_bank_ratio share_reguarantee_ratio started_on ends_on risk_weight_ratio
        counter_guarantee industry status report_period
    """,
    "guarantees.compensation": """
        compensation_id guarantor_id contract_id paid_on currency amount recovered_amount
    """,
    "guarantees.bank_cooperation": """
        guarantor_id institution_id period bank_name credit_line_cny used_cny bank_share_ratio valid_to
    """,
    "quality.delivery": """
        source_id resource sender period file_name received_on event status rows withheld_rows is_current
    """,
    "dirt": """
        kind source resource sender period file_name received_on row_key column written meant fate rule
    """,
    "question_01": """
        guarantor_id period leverage_cap used_ratio trend
    """,
    "question_02": """
        guarantor_id period client_ratio group_ratio clients
    """,
    "question_08": """
        city_unit institution_id product_id rate_min
    """,
    "question_13": """
        guarantor_id year compensated_cny released_cny recovered_cny compensation_ratio
    """,
    "question_13_by_industry": """
        guarantor_id year industry amount recovered_amount
    """,
    "question_13_alerts": """
        guarantor_id period compensation_ratio recovered_cny recovered_before_cny
    """,
    "question_14": """
        client_name guarantors exposure_cny
    """,
    "question_15": """
        guarantor_id institution_id period bank_share_ratio
    """,
}
