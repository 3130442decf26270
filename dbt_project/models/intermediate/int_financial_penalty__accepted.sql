-- Every record version of a penalty ever seen, with its verdict: `rule` is empty when the version is good.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    tags=['identity_input'],
    pre_hook="{{ forget_versions(ref('int_financial_penalty__versions')) }}",
) }}

with versions as (
    select * from {{ ref('int_financial_penalty__versions') }}
)

select * exclude (raw_record)
from versions
