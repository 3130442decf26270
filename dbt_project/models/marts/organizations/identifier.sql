-- One row a number under which a register, an exchange or a market knows an organization.
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
    select *
    from mentions
    where id_value is not null
    union all
    select * replace ('USCC' as id_type, uscc as id_value)
    from mentions
    where uscc is not null
),

identifiers as (
    {{ first_and_last('numbers', ['id_type', 'id_value', 'organization_id']) }}
)

select
    {{ with_provenance(
        ['id_type', 'id_value', 'organization_id', 'valid_from', 'valid_to', 'visibility'],
        "'pass'",
    ) }}
from identifiers
