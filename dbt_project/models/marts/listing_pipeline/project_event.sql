-- One row a status change of a review project, its first sight included.
-- `event_on` is the source's own update date if the source moved it with the change; some changes leave the date where it was.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_affected(ref('int_listing_project__affected'), ['exchange', 'project_id']) }}",
) }}

with versions as (
    select *
    from {{ ref('int_listing_project__accepted') }}
    where
        rule is null
        and change <> 'removed'
        and {{ only_affected(ref('int_listing_project__affected'), ['exchange', 'project_id']) }}
),

marked as (
    select
        *,
        lag(status) over story as previous_status,
        lag(updated_on) over story as previous_updated_on
    from versions
    window story as (partition by exchange, project_id order by run_date)
),

changes as (
    select
        *,
        nullif(updated_on, previous_updated_on) as event_on
    from marked
    where status is distinct from previous_status
),

timed as (
    select
        *,
        lag(event_on) over story as previous_event_on,
        lag(run_date) over story as previous_seen_on
    from changes
    window story as (partition by exchange, project_id order by run_date)
),

events as (
    select
        *,
        run_date as seen_on,
        case
            when previous_event_on <= event_on then event_on - previous_event_on
            else run_date - previous_seen_on
        end as days_in_prev,
        previous_status is null as is_first_seen
    from timed
)

select
    {{ with_provenance(
        ['exchange', 'project_id', 'event_on', 'seen_on', 'previous_status', 'status', 'raw_status', 'raw_sub',
         'raw_status_label', 'days_in_prev', 'is_first_seen'],
        outcome_known('status'),
    ) }}
from events
