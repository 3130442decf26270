-- Every record version with its verdict: `rule` is empty when the version is good, else it is withheld and says why.
-- A version whose status may not follow the last good status of its project (reference.status_transition) is withheld;
-- the next version is compared with that same last good status. A first sight may show any status.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    tags=['identity_input'],
    pre_hook="{{ forget_versions(ref('int_listing_project__versions')) }}",
) }}

with recursive transitions as (
    select from_status, to_status from {{ ref('status_transition') }}
),

-- the good versions of tonight, after the last good one of nights before
candidates as (
    select exchange, project_id, run_date, status
    from {{ ref('int_listing_project__versions') }}
    where rule is null and change <> 'removed'
    {% if is_incremental() %}
    union all
    select exchange, project_id, max(run_date) as run_date, max_by(status, run_date) as status
    from {{ this }}
    where
        rule is null
        and change <> 'removed'
        and {{ only_affected(ref('int_listing_project__versions'), ['exchange', 'project_id']) }}
    group by exchange, project_id
    {% endif %}
),

steps as (
    select
        *,
        row_number() over story as step,
        lag(status) over story as previous_status
    from candidates
    window story as (partition by exchange, project_id order by run_date)
),

-- Where every step may follow the one before, nothing is withheld: only the other projects are walked through.
suspects as (
    select distinct steps.exchange, steps.project_id
    from steps
    left join transitions
        on steps.previous_status = transitions.from_status
        and steps.status = transitions.to_status
    where steps.previous_status <> steps.status and transitions.to_status is null
),

walk as (
    select steps.exchange, steps.project_id, steps.run_date, steps.step, steps.status as good_status, true as is_allowed
    from steps
    inner join suspects
        on steps.exchange = suspects.exchange
        and steps.project_id = suspects.project_id
    where steps.step = 1

    union all

    select
        steps.exchange,
        steps.project_id,
        steps.run_date,
        steps.step,
        case
            when transitions.to_status is not null then steps.status
            else walk.good_status
        end as good_status,
        steps.status = walk.good_status or transitions.to_status is not null as is_allowed
    from walk
    inner join steps
        on walk.exchange = steps.exchange
        and walk.project_id = steps.project_id
        and walk.step + 1 = steps.step
    left join transitions
        on walk.good_status = transitions.from_status
        and steps.status = transitions.to_status
),

withheld as (
    select exchange, project_id, run_date, good_status
    from walk
    where not is_allowed
)

select
    versions.* exclude (rule, reason),
    case when withheld.run_date is not null then 'transition_not_allowed' else versions.rule end as rule,
    case
        when withheld.run_date is not null
            then
                'status: expected one that may follow ' || withheld.good_status
                || ' (reference.status_transition), got ' || versions.status
        else versions.reason
    end as reason
from {{ ref('int_listing_project__versions') }} as versions
left join withheld
    on versions.exchange = withheld.exchange
    and versions.project_id = withheld.project_id
    and versions.run_date = withheld.run_date
