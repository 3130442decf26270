-- One row a role in which any source speaks of an organization: bank, guarantor, candidate for a listing …
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_affected(ref('int_organization__affected'), ['organization_id']) }}",
) }}

with mentions as (
    {{ organization_mentions() }}
),

played as (
    select *
    from mentions
    where role is not null
),

roles as (
    {{ first_and_last('played', ['organization_id', 'role']) }}
)

select
    {{ with_provenance(
        ['organization_id', 'role', 'jurisdiction', 'first_seen_on', 'visibility'],
        "'pass'",
    ) }}
from roles
