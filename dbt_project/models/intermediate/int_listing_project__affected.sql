-- The projects of which tonight's change logs say anything, with the first night that says it.
-- Incremental models compute exactly these again.
{{ config(materialized='table') }}

with changes as (
    select exchange, project_id, run_date from {{ ref('stg_sse__ipo_project') }}
    union all
    select exchange, project_id, run_date from {{ ref('stg_szse__ipo_project') }}
    union all
    select exchange, project_id, run_date from {{ ref('stg_bse__ipo_project') }}
)

select
    exchange,
    project_id,
    min(run_date) as since
from changes
group by exchange, project_id
