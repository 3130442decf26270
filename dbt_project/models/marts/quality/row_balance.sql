-- Where every record of every source went. Four equations must hold to the row, or the build stops:
--   fetched = records + duplicates + rejected · records = staged + quarantined
--   staged = conformed + merged · published = conformed + carried
-- Each side is counted at another place: records by the extractor, the rest as macros/ledger.sql says, for every entity of `entities`.
{{ config(materialized='table') }}

with fetches as (
    select * from {{ source('raw', 'fetch') }}
),

run as (
    select * from {{ source('raw', 'run') }}
),

{% for entity in var('entities') if entity.key %}
{{ entity_balance(entity) }}

{% endfor %}
balances as (
    select
        src_family,
        resource,
        cast(sum(staged) as bigint) as staged,
        cast(sum(quarantined) as bigint) as quarantined,
        cast(sum(merged) as bigint) as merged,
        cast(sum(carried) as bigint) as carried,
        cast(sum(published) as bigint) as published
    from (
        select
            cast(null as varchar) as src_family,
            cast(null as varchar) as resource,
            0 as staged,
            0 as quarantined,
            0 as merged,
            0 as carried,
            0 as published
        {% for entity in var('entities') if entity.key %}
        union all
        select * from {{ entity.name }}_balance
        {% endfor %}
    ) as counted
    group by src_family, resource
)

select
    fetches.source_id,
    fetches.resource,
    coalesce(fetches.fetched, 0) as fetched,
    coalesce(fetches.duplicates, 0) as duplicates,
    coalesce(fetches.rejected, 0) as rejected,
    coalesce(fetches.records, 0) as records,
    coalesce(balances.staged, 0) as staged,
    coalesce(balances.quarantined, 0) as quarantined,
    coalesce(balances.published - balances.carried, 0) as conformed,
    coalesce(balances.merged, 0) as merged,
    coalesce(balances.carried, 0) as carried,
    coalesce(balances.published, 0) as published,
    fetches.visibility,
    run.run_date as as_of
from fetches
cross join run
left join balances
    on fetches.source_id = balances.src_family
    and fetches.resource = balances.resource
-- the records of a source on trial go no further than staging
where not coalesce(fetches.trial, false)
