-- The reference tables agree with each other: no key stands twice, every code leads to a known state, every step joins two known
-- states, and nothing follows an end. Seeds change only with the code, so one test looks at all of them.
{{ config(tags=['reference']) }}

with states as (
    select * from {{ ref('status') }}
),

codes as (
    select * from {{ ref('status_map') }}
),

steps as (
    select * from {{ ref('status_transition') }}
),

boards as (
    select * from {{ ref('board_map') }}
)

select 'state twice' as problem, status as what
from states
group by status
having count(*) > 1
union all
select 'code twice' as problem, exchange || ' ' || raw_status || ' ' || raw_sub as what
from codes
group by exchange, raw_status, raw_sub
having count(*) > 1
union all
select 'step twice' as problem, from_status || ' to ' || to_status as what
from steps
group by from_status, to_status
having count(*) > 1
union all
select 'board twice' as problem, exchange || ' ' || raw_board as what
from boards
group by exchange, raw_board
having count(*) > 1
union all
select 'code of no state, or of another end' as problem, codes.exchange || ' ' || codes.raw_status || ' ' || codes.raw_sub as what
from codes
left join states
    on codes.canonical = states.status
where codes.is_terminal is distinct from states.is_terminal
union all
select 'step from nowhere or from an end' as problem, steps.from_status || ' to ' || steps.to_status as what
from steps
left join states
    on steps.from_status = states.status
where states.is_terminal is distinct from false
union all
select 'step to nowhere' as problem, steps.from_status || ' to ' || steps.to_status as what
from steps
left join states
    on steps.to_status = states.status
where states.status is null or steps.kind not in ('direct', 'skipped')
