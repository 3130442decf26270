-- One row a payment of a guarantor in place of its client, as the newest month that speaks of it says, if it fits its contract.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_affected(ref('int_guarantee_compensation__affected'), ['compensation_id']) }}",
) }}

with standing as (
    {{ standing_newest(
        ref('int_guarantee_compensation__accepted'), ref('int_guarantee_compensation__affected'),
        ['src_family', 'resource', 'src_record_id'], 'compensation_id', 'report_period'
    ) }}
)

select
    {{ with_provenance(
        ['compensation_id', 'guarantor_id', 'contract_id', 'paid_on', 'currency', 'amount', 'recovered_amount'],
        "case when is_newest_good then 'pass' else 'warn' end",
    ) }}
from standing
