-- One row an organization that any source speaks of, under the name it was first met with.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_affected(ref('int_organization__affected'), ['organization_id']) }}",
) }}

with mentions as (
    {{ organization_mentions() }}
),

first_mentions as (
    select *
    from mentions
    qualify row_number() over (partition by organization_id order by valid_from, exchange, project_id) = 1
),

organizations as (
    select
        *,
        'CN' as jurisdiction,
        name as legal_name,
        {{ org_form('name') }} as org_form,
        valid_from as first_seen_on
    from first_mentions
)

select
    {{ with_provenance(
        ['organization_id', 'jurisdiction', 'legal_name', 'name_key', 'org_form', 'first_seen_on'],
        "case org_form when '其他' then 'warn' else 'pass' end",
    ) }}
from organizations
