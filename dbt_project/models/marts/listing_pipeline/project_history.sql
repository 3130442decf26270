-- One row a status of a review project, from the night it was first seen in it to the night it was no longer.
-- A project that leaves the list ends its last row; if it comes back, a new row begins.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_affected(ref('int_listing_project__affected'), ['exchange', 'project_id']) }}",
) }}

with versions as (
    select
        *,
        case when change <> 'removed' then status end as state
    from {{ ref('int_listing_project__accepted') }}
    where
        rule is null
        and {{ only_affected(ref('int_listing_project__affected'), ['exchange', 'project_id']) }}
),

marked as (
    select
        *,
        lag(state) over (partition by exchange, project_id order by run_date) as previous_state
    from versions
),

turns as (
    select
        *,
        run_date as valid_from,
        lead(run_date) over (partition by exchange, project_id order by run_date) as valid_to
    from marked
    where state is distinct from previous_state
)

select
    {{ with_provenance(
        ['exchange', 'project_id', 'status', 'raw_status', 'raw_sub', 'raw_status_label', 'valid_from', 'valid_to'],
        outcome_known('status'),
    ) }}
from turns
where state is not null
