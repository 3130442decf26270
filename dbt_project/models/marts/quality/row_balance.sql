-- Where every record of every source went. Three equations must hold to the row, or the build stops:
--   fetched = records + duplicates · records = staged + quarantined · staged = conformed + merged · published = conformed + carried
-- Each side is counted at another place: records by the extractor, staged and quarantined from the record versions,
-- conformed, carried and published from what is published.
{{ config(materialized='table') }}

with fetches as (
    select * from {{ source('raw', 'fetch') }}
),

run as (
    select * from {{ source('raw', 'run') }}
),

newest as (
    select
        src_family,
        max_by(change, run_date) as change,
        max_by(rule is null, run_date) as is_good
    from {{ ref('int_listing_project__accepted') }}
    group by src_family, exchange, project_id
),

staged as (
    select
        src_family,
        'ipo_project' as resource,
        count(*) filter (where is_good) as staged,
        count(*) filter (where not is_good) as quarantined
    from newest
    where change <> 'removed'
    group by src_family
),

published as (
    select
        projects.src_family,
        'ipo_project' as resource,
        count(*) as published,
        count(quarantined.project_id) as carried
    from {{ ref('project') }} as projects
    left join {{ ref('listing_project') }} as quarantined
        on projects.exchange = quarantined.exchange
        and projects.project_id = quarantined.project_id
    group by projects.src_family
)

select
    fetches.source_id,
    fetches.resource,
    coalesce(fetches.fetched, 0) as fetched,
    coalesce(fetches.duplicates, 0) as duplicates,
    coalesce(fetches.records, 0) as records,
    coalesce(staged.staged, 0) as staged,
    coalesce(staged.quarantined, 0) as quarantined,
    coalesce(published.published - published.carried, 0) as conformed,
    cast(0 as bigint) as merged,
    coalesce(published.carried, 0) as carried,
    coalesce(published.published, 0) as published,
    fetches.visibility,
    run.run_date as as_of
from fetches
cross join run
left join staged
    on fetches.source_id = staged.src_family
    and fetches.resource = staged.resource
left join published
    on fetches.source_id = published.src_family
    and fetches.resource = published.resource
