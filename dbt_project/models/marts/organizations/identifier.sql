-- One row a number under which an exchange or market knows an organization.
-- A NEEQ code may stand for several projects, and after a recode for several organizations.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_affected(ref('int_organization__affected'), ['organization_id']) }}",
) }}

with mentions as (
    {{ organization_mentions() }}
),

numbers as (
    select
        *,
        case exchange when 'SSE' then 'SSE_AUDIT' when 'SZSE' then 'SZSE_PRJ' when 'BSE' then 'BSE_PRJ' end as id_type,
        project_id as id_value
    from mentions
    union all
    select
        *,
        'NEEQ' as id_type,
        neeq_code as id_value
    from mentions
    where neeq_code is not null
),

identifiers as (
    {{ first_and_last('numbers', ['id_type', 'id_value', 'organization_id']) }}
)

select
    {{ with_provenance(
        ['id_type', 'id_value', 'organization_id', 'valid_from', 'valid_to'],
        "'pass'",
    ) }}
from identifiers
