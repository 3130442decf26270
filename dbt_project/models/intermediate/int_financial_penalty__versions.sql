-- One row a record version of a penalty against an organization.
{{ config(materialized='table') }}

with staged as (
    select * from {{ ref('stg_nfra_penalties__penalty') }}
)

select
    penalty_id,
    decision_no,
    party_name,
    name_key,
    {{ mention_key('null', 'name_key') }} as mention_key,
    authority,
    decided_on,
    published_on,
    amount_cny,
    reason_text,
    basis,
    decision_text,
    {{ record_names() }},
    raw_record,
    rule,
    reason
from staged
