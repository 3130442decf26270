-- One row a review project as it stands: its newest good version.
-- If a newer version is withheld in quarantine, the last good one stays, with a warning. A project that has left the list has no row.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_affected(ref('int_listing_project__affected'), ['exchange', 'project_id']) }}",
) }}

with versions as (
    select *
    from {{ ref('int_listing_project__accepted') }}
    where {{ only_affected(ref('int_listing_project__affected'), ['exchange', 'project_id']) }}
),

standing as (
    select
        exchange,
        project_id,
        max(run_date) filter (where rule is null and change <> 'removed') as run_date,
        max_by(change, run_date) as newest_change,
        max_by(rule is null, run_date) as is_newest_good
    from versions
    group by exchange, project_id
),

events as (
    select
        exchange,
        project_id,
        min(seen_on) as first_seen_on,
        max(seen_on) as status_since
    from {{ ref('project_event') }}
    where {{ only_affected(ref('int_listing_project__affected'), ['exchange', 'project_id']) }}
    group by exchange, project_id
),

identities as (
    select * from {{ source('raw', 'identity_decision') }}
),

projects as (
    select
        versions.*,
        standing.is_newest_good,
        identities.organization_id,
        events.first_seen_on,
        events.status_since
    from versions
    inner join standing
        on versions.exchange = standing.exchange
        and versions.project_id = standing.project_id
        and versions.run_date = standing.run_date
    inner join events
        on versions.exchange = events.exchange
        and versions.project_id = events.project_id
    left join identities
        on versions.mention_key = identities.mention_key
    where standing.newest_change <> 'removed'
)

select
    {{ with_provenance(
        ['exchange', 'project_id', 'organization_id', 'company_name', 'title_raw', 'board', 'status', 'raw_status',
         'raw_sub', 'raw_status_label', 'plan_raise_cny', 'accepted_on', 'updated_on', 'sponsor_name',
         'law_firm_name', 'accountant_name', 'region', 'csrc_industry', 'neeq_code', 'first_seen_on', 'status_since'],
        "case when not is_newest_good then 'warn' else " ~ outcome_known('status') ~ " end",
    ) }}
from projects
