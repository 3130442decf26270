-- One row a record version of a branch.
{{ config(materialized='table') }}

with staged as (
    select * from {{ ref('stg_bank_branches__branch') }}
)

select
    branch_id,
    institution_id,
    'CN:' || case when parent_code <> bank_code then parent_code end as parent_branch_id,
    branch_name,
    cnaps12,
    region6,
    left(region6, 4) as city_unit,
    is_tech_branch,
    status_raw as status,
    list_period,
    {{ record_names() }},
    raw_record,
    rule,
    reason
from staged
