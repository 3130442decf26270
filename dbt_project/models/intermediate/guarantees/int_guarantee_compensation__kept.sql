-- Every version ever seen of what a month says of a payment, with the verdict of the row alone.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_versions(ref('int_guarantee_compensation__versions')) }}",
) }}

with versions as (
    select * from {{ ref('int_guarantee_compensation__versions') }}
)

select *
from versions
