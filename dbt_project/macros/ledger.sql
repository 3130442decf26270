{# Where the records of an entity went, as CTEs; <name>_balance has one row a (src_family, resource). `entity`: a line of the variable
   `entities`. Each side is counted at another place: staged and quarantined from the newest versions, published from the rows of the mart,
   carried from those whose record is in the quarantine. `merged` are good records without a row of their own whose key has one: a newer
   period or another source stands for it. A good record whose key has no row is in none of these: the ledger does not balance then. #}
{% macro entity_balance(entity) -%}
{%- set key = entity.key | join(', ') -%}
{%- set counted -%}
    {%- if entity.besides %}src_family not in ('{{ entity.besides | join("', '") }}'){% else %}true{% endif -%}
{%- endset -%}
{{ entity.name }}_newest as (
    select
        src_family,
        resource,
        src_record_id,
        {%- for column in entity.key %}
        max_by({{ column }}, run_date) as {{ column }},
        {%- endfor %}
        max_by(change, run_date) as change,
        max_by(rule is null, run_date) as is_good
    from {{ ref('int_' ~ entity.name ~ '__accepted') }}
    where {{ counted }}
    group by src_family, resource, src_record_id
),

{{ entity.name }}_shown as (
    select
        src_family,
        src_record_id,
        {{ key }}
    from {{ ref(entity.mart) }}
    where {{ counted }} and {{ entity.current or 'true' }}
),

{{ entity.name }}_balance as (
    select
        src_family,
        resource,
        count(*) filter (where is_good) as staged,
        count(*) filter (where not is_good) as quarantined,
        count(*) filter (where is_good and own_rows is null and key_rows is not null) as merged,
        cast(0 as bigint) as carried,
        cast(0 as bigint) as published
    from {{ entity.name }}_newest
    left join (select src_family, src_record_id, count(*) as own_rows from {{ entity.name }}_shown group by src_family, src_record_id) as own
        using (src_family, src_record_id)
    left join (select {{ key }}, count(*) as key_rows from {{ entity.name }}_shown group by {{ key }}) as keyed
        using ({{ key }})
    where change <> 'removed'
    group by src_family, resource
    union all
    select
        src_family,
        resource,
        0 as staged,
        0 as quarantined,
        0 as merged,
        count(withheld_rows) as carried,
        count(*) as published
    from {{ entity.name }}_shown
    left join (select distinct src_family, resource, src_record_id from {{ entity.name }}_newest) as records
        using (src_family, src_record_id)
    left join (
        select src_family, src_record_id, count(*) as withheld_rows
        from {{ ref(entity.quarantine or entity.name) }}
        group by src_family, src_record_id
    ) as withheld
        using (src_family, src_record_id)
    group by src_family, resource
),
{%- endmacro %}
