-- One row an organization that any source speaks of, under the name it was first met with.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_affected(ref('int_organization__affected'), ['organization_id']) }}",
) }}

with mentions as (
    {{ organization_mentions() }}
),

-- an organization has one credit code at most; not every source knows it
coded as (
    select * replace (max(uscc) over (partition by organization_id, visibility) as uscc)
    from mentions
),

first_mentions as (
    {{ first_and_last('coded', ['organization_id']) }}
),

organizations as (
    select
        *,
        name as legal_name,
        substr(uscc, 3, 6) as region6,
        case jurisdiction when 'CN' then {{ org_form('name') }} else '境外' end as org_form
    from first_mentions
)

select
    {{ with_provenance(
        ['organization_id', 'jurisdiction', 'uscc', 'region6', 'legal_name', 'name_key', 'org_form', 'first_seen_on', 'visibility'],
        "case org_form when '其他' then 'warn' else 'pass' end",
    ) }}
from organizations
