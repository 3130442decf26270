-- One row a contract: what the newest month that speaks of it says. If that month's row is withheld, the month before stays,
-- with a warning.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_affected(ref('int_guarantee_contract__affected'), ['contract_id']) }}",
) }}

with standing as (
    {{ standing_newest(
        ref('int_guarantee_contract__accepted'), ref('int_guarantee_contract__affected'), ['contract_id'], 'contract_id', 'report_period'
    ) }}
),

identities as (
    select * from {{ source('raw', 'identity_decision') }}
),

contracts as (
    select
        standing.*,
        clients.organization_id as client_organization_id,
        creditors.organization_id as creditor_organization_id
    from standing
    left join identities as clients
        on standing.client_mention_key = clients.mention_key
    left join identities as creditors
        on standing.creditor_mention_key = creditors.mention_key
)

select
    {{ with_provenance(
        ['contract_id', 'guarantor_id', 'contract_no', 'client_organization_id', 'client_name', 'client_group', 'creditor_name',
         'creditor_institution_id', 'creditor_organization_id', 'kind', 'jurisdiction', 'currency', 'principal_amount', 'balance_amount',
         'share_guarantor_ratio', 'share_bank_ratio', 'share_reguarantee_ratio', 'started_on', 'ends_on', 'risk_weight_ratio',
         'counter_guarantee', 'industry', 'status', 'charged_off_amount', 'report_period'],
        "case when is_newest_good and caution is null then 'pass' else 'warn' end",
    ) }}
from contracts
