-- Every version ever seen of what a list says of a guarantor, with its verdict.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    tags=['identity_input'],
    pre_hook="{{ forget_versions(ref('int_guarantor__versions')) }}",
) }}

with versions as (
    select * from {{ ref('int_guarantor__versions') }}
)

select * exclude (raw_record)
from versions
