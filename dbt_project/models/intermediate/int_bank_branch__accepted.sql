-- Every record version of a branch ever seen, with its verdict: `rule` is empty when the version is good.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    tags=['identity_input'],
    pre_hook="{{ forget_versions(ref('int_bank_branch__versions')) }}",
) }}

with versions as (
    select * from {{ ref('int_bank_branch__versions') }}
)

select * exclude (raw_record)
from versions
