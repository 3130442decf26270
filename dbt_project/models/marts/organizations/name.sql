-- One row a name of an organization: from the night any source first used it to the night the last source dropped it.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_affected(ref('int_organization__affected'), ['organization_id']) }}",
) }}

with mentions as (
    {{ organization_mentions() }}
),

names as (
    {{ first_and_last('mentions', ['organization_id', 'name']) }}
)

select
    {{ with_provenance(
        ['organization_id', 'name', 'name_key', 'name_type', 'valid_from', 'valid_to', 'visibility'],
        "'pass'",
    ) }}
from names
