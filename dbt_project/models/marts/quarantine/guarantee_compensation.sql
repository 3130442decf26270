-- Payments in place of clients that are withheld: the newest version breaks a row rule, or it does not fit its contract, or the contract is not
-- known. They are judged again whenever a file speaks of them or of their contract.
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
),

judged as (
    select * from {{ ref('int_guarantee_compensation__judged') }}
),

withheld as (
    select * from newest
    where rule is not null
    union all by name
    select judged.* exclude (currency, is_newest_good)
    from judged
    left join newest
        on judged.src_family = newest.src_family
        and judged.resource = newest.resource
        and judged.src_record_id = newest.src_record_id
        and newest.rule is not null
    where judged.rule is not null and newest.rule is null
)

select
    {{ with_provenance(['resource', 'run_date', 'rule', 'reason', 'raw_record'], "'quarantine'") }}
from withheld
