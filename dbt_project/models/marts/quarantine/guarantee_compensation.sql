-- Payments in place of clients that are withheld: the newest version breaks a row rule, or it does not fit its contract, or the contract
-- is not known. They are judged again whenever a file speaks of them or of their contract.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_records(ref('int_guarantee_compensation__affected')) }}",
) }}

with newest as (
    select *
    from {{ ref('int_guarantee_compensation__accepted') }}
    where {{ only_affected(ref('int_guarantee_compensation__affected'), ['src_family', 'resource', 'src_record_id']) }}
    qualify row_number() over (partition by src_family, resource, src_record_id order by run_date desc) = 1
)

select
    {{ with_provenance(['resource', 'run_date', 'rule', 'reason', 'raw_record'], "'quarantine'") }}
from newest
where rule is not null
