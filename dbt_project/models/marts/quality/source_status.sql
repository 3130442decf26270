-- What came of every registered source tonight, and how old the data is that the release shows of it.
{{ config(materialized='table') }}

with fetches as (
    select * from {{ source('raw', 'fetch') }}
),

run as (
    select * from {{ source('raw', 'run') }}
)

select
    fetches.source_id,
    fetches.resource,
    fetches.title,
    fetches.publisher,
    fetches.homepage,
    fetches.licence,
    fetches.terms_url,
    fetches.cadence,
    fetches.selected,
    fetches.status,
    fetches.message,
    fetches.good_run_date,
    fetches.age_nights,
    fetches.max_age_nights,
    fetches.old_parts,
    fetches.declared_total,
    fetches.fetched,
    fetches.duplicates,
    fetches.records,
    fetches.visibility,
    run.run_date as as_of
from fetches
cross join run
