-- Every version ever seen of what a month says of a contract, with its verdict.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    tags=['identity_input'],
    pre_hook="{{ forget_versions(ref('int_guarantee_contract__versions')) }}",
) }}

with versions as (
    select * from {{ ref('int_guarantee_contract__versions') }}
)

select * exclude (raw_record)
from versions
