-- Tonight's versions of contracts of all sources in one vocabulary, with the keys by which identity knows client and lender.
-- A client of the SBA is told apart by name and place (the file has no number of it), a lender by its name alone.
{{ config(materialized='table') }}

with chinese as (
    select
        *,
        {{ name_key('creditor_name') }} as creditor_key
    from {{ ref('stg_guarantor_reports__contract') }}
),

american as (
    select
        loans.*,
        lenders.name_key as creditor_key
    from {{ ref('stg_sba__loan') }} as loans
    left join {{ ref('int_lender_name') }} as lenders
        on loans.creditor_name = lenders.lender_name
),

united as (
    select
        *,
        'CN' as jurisdiction,
        'CNY' as currency,
        coalesce('USCC:' || client_uscc, 'NAME:' || {{ name_key('client_name') }}) as client_mention_key,
        'NAME:' || creditor_key as creditor_mention_key,
        'CN:' || creditor_nfra_code as creditor_institution_id
    from chinese
    union all by name
    select
        *,
        'US' as jurisdiction,
        'USD' as currency,
        'NAME:US:' || {{ name_key('client_name') }} || '|' || upper(client_place) as client_mention_key,
        'NAME:US:' || creditor_key as creditor_mention_key,
        cast(null as varchar) as creditor_institution_id
    from american
)

select
    {{ record_names() }},
    contract_id,
    guarantor_id,
    contract_no,
    client_mention_key,
    client_uscc,
    client_name,
    client_place,
    client_group,
    creditor_name,
    creditor_key,
    creditor_mention_key,
    creditor_institution_id,
    kind,
    jurisdiction,
    currency,
    principal_amount,
    balance_amount,
    share_guarantor_ratio,
    share_bank_ratio,
    share_reguarantee_ratio,
    started_on,
    ends_on,
    risk_weight_ratio,
    counter_guarantee,
    industry,
    status,
    charged_off_amount,
    report_period,
    caution,
    raw_record,
    rule,
    reason
from united
