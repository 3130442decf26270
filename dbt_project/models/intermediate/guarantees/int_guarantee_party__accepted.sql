-- Every organization that guarantees speak of, one row a night on which they do.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    tags=['identity_input'],
    pre_hook="{{ forget_versions(ref('int_guarantee_party__versions')) }}",
) }}

with versions as (
    select * from {{ ref('int_guarantee_party__versions') }}
)

select *
from versions
