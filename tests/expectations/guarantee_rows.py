"""What a sound release says of guarantees: forty guarantors of two provinces, their quarters, contracts and banks."""

GUARANTORS = 40
"""Guarantors CN:G1000 … CN:G1039; each with two quarters of 2026, ten contracts of 2026-06 and one payment."""


def tables(provenance: str) -> dict[str, str]:
    """Table → columns, as SQL; `provenance` are the columns every published table ends with."""
    quarantined = f"resource varchar, run_date date, rule varchar, reason varchar, raw_record varchar, {provenance}"
    entities = [
        "guarantor",
        "guarantor_quarter",
        "guarantee_contract",
        "guarantee_compensation",
        "guarantee_cooperation",
    ]
    return {
        "guarantees.institution": f"""
            guarantor_id varchar, jurisdiction varchar, organization_id varchar, uscc varchar, legal_name varchar,
            licence_no varchar, licence_from date, licence_to date, regulator varchar, reporting_unit varchar,
            province2 varchar, region6 varchar, ownership varchar, kind varchar, paid_in_capital_cny decimal(20, 2),
            registered_capital_cny decimal(20, 2), reg_rating varchar, is_agri_micro boolean, leverage_cap integer,
            status varchar, list_as_of date, first_seen_on date, {provenance}""",
        "guarantees.institution_quarter": f"""
            guarantor_id varchar, period varchar, net_assets_cny decimal(20, 2),
            equity_in_guarantors_cny decimal(20, 2), balance_cny decimal(20, 2),
            weighted_liability_cny decimal(20, 2), micro_balance_cny decimal(20, 2),
            micro_clients bigint, clients bigint, released_period_cny decimal(20, 2),
            compensated_period_cny decimal(20, 2), recovered_period_cny decimal(20, 2), fee_ratio_avg decimal(9, 6),
            asset_i_cny decimal(20, 2), asset_ii_cny decimal(20, 2), asset_iii_cny decimal(20, 2),
            assets_cny decimal(20, 2), largest_client_cny decimal(20, 2), largest_group_cny decimal(20, 2),
            leverage_ratio decimal(12, 6), compensation_ratio decimal(12, 6), {provenance}""",
        "guarantees.contract": f"""
            contract_id varchar, guarantor_id varchar, contract_no varchar, client_organization_id varchar,
            client_name varchar, client_group varchar, creditor_name varchar, creditor_institution_id varchar,
            creditor_organization_id varchar, kind varchar, jurisdiction varchar, currency varchar,
            principal_amount decimal(20, 2), balance_amount decimal(20, 2), share_guarantor_ratio decimal(9, 6),
            share_bank_ratio decimal(9, 6), share_reguarantee_ratio decimal(9, 6), started_on date, ends_on date,
            risk_weight_ratio decimal(9, 6), counter_guarantee varchar, industry varchar, status varchar,
            charged_off_amount decimal(20, 2), report_period varchar, {provenance}""",
        "guarantees.compensation": f"""
            compensation_id varchar, guarantor_id varchar, contract_id varchar, paid_on date, currency varchar,
            amount decimal(20, 2), recovered_amount decimal(20, 2), {provenance}""",
        "guarantees.bank_cooperation": f"""
            guarantor_id varchar, institution_id varchar, period varchar, bank_name varchar,
            credit_line_cny decimal(20, 2), used_cny decimal(20, 2), bank_share_ratio decimal(9, 6), valid_to date,
            {provenance}""",
        **{f"quarantine.{entity}": quarantined for entity in entities},
        "reference.guarantee_rule": """
            rule varchar, area varchar, kind varchar, value decimal(20, 6), unit varchar, applies_to varchar,
            valid_from date, valid_to date, to_verify boolean, citation varchar""",
        "reference.reporting_unit": """
            reporting_unit varchar, name varchar, short_name varchar, kind varchar, province2 varchar,
            citation varchar""",
    }


ROWS = f"""
insert into reference.guarantee_rule by name
select rule, area, value, date '2017-10-01' as valid_from from (values
    ('leverage_cap', 'CN', 10), ('leverage_cap_micro_agri', 'CN', 15), ('registered_capital_min', 'CN', 20000000),
    ('registered_capital_min', '32', 50000000), ('client_share_max', 'CN', 0.1), ('client_group_share_max', 'CN', 0.15),
    ('bank_risk_share_min', 'CN', 0.2), ('weight_bond_aa_concentration', 'CN', 0.6)
) as rules(rule, area, value);
insert into reference.reporting_unit by name
select unit as reporting_unit, name, unit as province2
from (values ('33', '浙江省'), ('32', '江苏省')) as units(unit, name);

insert into guarantees.institution by name
select 'CN:G' || (1000 + n) as guarantor_id, 'CN' as jurisdiction, 'CN-G' || (1000 + n) as organization_id,
    (select list(uscc order by uscc) from credit_codes)[n + 1] as uscc,
    '担保' || n || '有限公司' as legal_name, 'L' || (1000 + n) as licence_no,
    date '2023-06-20' as licence_from, case n when 0 then date '9999-12-31' else date '2028-06-19' end as licence_to,
    case when n < 20 then '33' else '32' end as reporting_unit, reporting_unit as province2, '政府性' as ownership,
    '直保' as kind, 100000000 as paid_in_capital_cny, 100000000 as registered_capital_cny, 'A' as reg_rating,
    false as is_agri_micro, 10 as leverage_cap, '在业' as status, date '2026-06-30' as list_as_of,
    date '2026-07-13' as first_seen_on, 'guarantee_lists' as src_family, 'institution' || n as src_record_id,
    date '2026-07-13' as as_of, md5('guarantor' || n) as row_hash, 'pass' as dq_status
from range({GUARANTORS}) as numbers(n);
insert into guarantees.institution by name
select 'US:SBA' as guarantor_id, 'US' as jurisdiction, 'U.S. Small Business Administration' as legal_name,
    '政府性' as ownership, '直保' as kind, '在业' as status, date '2023-08-08' as list_as_of,
    date '2023-08-08' as first_seen_on, 'reference' as src_family, 'public_guarantor US:SBA' as src_record_id,
    date '2023-08-08' as as_of, md5('sba') as row_hash, 'pass' as dq_status;

insert into guarantees.institution_quarter by name
select guarantor_id, period, 100000000 as net_assets_cny, 10000000 as equity_in_guarantors_cny,
    50000000 as balance_cny, 40000000 as weighted_liability_cny, 10000000 as micro_balance_cny, 4 as micro_clients,
    10 as clients, 20000000 as released_period_cny, 400000 as compensated_period_cny, 100000 as recovered_period_cny,
    0.012 as fee_ratio_avg, 40000000 as asset_i_cny, 50000000 as asset_ii_cny, 20000000 as asset_iii_cny,
    120000000 as assets_cny, 5000000 as largest_client_cny, 7000000 as largest_group_cny, 0.444444 as leverage_ratio,
    0.02 as compensation_ratio, 'guarantor_reports' as src_family, guarantor_id || period as src_record_id,
    as_of, md5(guarantor_id || period) as row_hash, 'pass' as dq_status
from guarantees.institution, (values ('2026Q1'), ('2026Q2')) as quarters(period) where jurisdiction = 'CN';

insert into guarantees.contract by name
select guarantor_id || ':' || k as contract_id, guarantor_id, 'DB-' || k as contract_no,
    'CN-C' || (1000 + (n - 1000) * 10 + k) as client_organization_id,
    '客户' || ((n - 1000) * 10 + k) || '有限公司' as client_name,
    '中国工商银行股份有限公司' as creditor_name, 'CN:B0001H111000001' as creditor_institution_id,
    'CN-ICBC' as creditor_organization_id, '借款' as kind,
    'CN' as jurisdiction, 'CNY' as currency, 6000000 as principal_amount, 5000000 as balance_amount,
    0.4 as share_guarantor_ratio, 0.2 as share_bank_ratio, 0.4 as share_reguarantee_ratio,
    date '2026-03-01' as started_on,
    date '2027-02-28' as ends_on, 0.75 as risk_weight_ratio, 'I6513' as industry, '在保' as status,
    '2026-06' as report_period, 'guarantor_reports' as src_family, guarantor_id || ' 2026-06 ' || k as src_record_id,
    as_of, md5(guarantor_id || k) as row_hash, 'pass' as dq_status
from (
    select *, substr(guarantor_id, 5)::integer as n from guarantees.institution where jurisdiction = 'CN'
), range(10) as numbers(k);
insert into guarantees.contract by name
select 'US:SBA:' || k as contract_id, 'US:SBA' as guarantor_id, k::varchar as contract_no, 'BAKERY' || k as client_name,
    'FIFTH THIRD BANK' as creditor_name, '借款' as kind, 'US' as jurisdiction, 'USD' as currency,
    60000 as principal_amount, 0.8 as share_guarantor_ratio, 0.2 as share_bank_ratio, date '1974-02-06' as started_on,
    date '1981-02-06' as ends_on, '解除' as status, 0 as charged_off_amount, 'sba' as src_family,
    k::varchar as src_record_id, date '2026-07-13' as as_of, md5('loan' || k) as row_hash, 'pass' as dq_status
from range(5) as numbers(k);

insert into guarantees.compensation by name
select guarantor_id || ':DC-1' as compensation_id, guarantor_id, contract_id, date '2026-06-15' as paid_on, currency,
    400000 as amount, 100000 as recovered_amount, src_family, 'paid ' || contract_id as src_record_id, as_of,
    md5('paid' || contract_id) as row_hash, dq_status
from guarantees.contract where contract_no = 'DB-0';
insert into guarantees.bank_cooperation by name
select guarantor_id, 'CN:B0001H111000001' as institution_id, period, '中国工商银行股份有限公司' as bank_name,
    500000000 as credit_line_cny, 210000000 as used_cny, 0.2 as bank_share_ratio, date '2027-12-31' as valid_to,
    src_family, src_record_id, as_of, row_hash, dq_status
from guarantees.institution_quarter;
"""
