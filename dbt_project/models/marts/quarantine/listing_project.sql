-- The review projects whose newest version is withheld: which rule it breaks, in words, and the record as the source sent it.
-- A project leaves this table by itself when the source mends it.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_affected(ref('int_listing_project__affected'), ['exchange', 'project_id']) }}",
) }}

with newest as (
    select *
    from {{ ref('int_listing_project__accepted') }}
    where {{ only_affected(ref('int_listing_project__affected'), ['exchange', 'project_id']) }}
    qualify row_number() over (partition by exchange, project_id order by run_date desc) = 1
),

records as (
    select exchange, project_id, run_date, raw_record from {{ ref('stg_sse__ipo_project') }}
    union all
    select exchange, project_id, run_date, raw_record from {{ ref('stg_szse__ipo_project') }}
    union all
    select exchange, project_id, run_date, raw_record from {{ ref('stg_bse__ipo_project') }}
),

withheld as (
    select
        newest.*,
        records.raw_record
    from newest
    inner join records
        on newest.exchange = records.exchange
        and newest.project_id = records.project_id
        and newest.run_date = records.run_date
    where newest.rule is not null
)

select
    {{ with_provenance(
        ['exchange', 'project_id', 'run_date', 'rule', 'reason', 'raw_record'],
        "'quarantine'",
    ) }}
from withheld
