-- Every version ever seen of a guarantor's figures for a quarter, with its verdict.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_versions(ref('int_guarantor_quarter__versions')) }}",
) }}

with versions as (
    select * from {{ ref('int_guarantor_quarter__versions') }}
)

select * exclude (raw_record)
from versions
