-- Every version ever seen of a bank's line for a guarantor in a quarter, with its verdict.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_versions(ref('int_guarantee_cooperation__versions')) }}",
) }}

with versions as (
    select * from {{ ref('int_guarantee_cooperation__versions') }}
)

select * exclude (raw_record)
from versions
