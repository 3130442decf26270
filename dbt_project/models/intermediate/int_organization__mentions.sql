-- The names under which a project speaks of its company: one row a period of the same name and NEEQ code.
-- Only good versions speak; a project that leaves the list does not take its company's name with it.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    tags=['identity_input'],
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
        lag(company_name) over story as previous_name,
        lag(neeq_code) over story as previous_neeq_code
    from versions
    window story as (partition by exchange, project_id order by run_date)
),

periods as (
    select
        *,
        lead(run_date) over (partition by exchange, project_id order by run_date) as valid_to
    from marked
    where company_name is distinct from previous_name or neeq_code is distinct from previous_neeq_code
)

select
    exchange,
    project_id,
    run_date,
    name_key,
    company_name as name,
    case {{ org_form('company_name') }} when '其他' then '简称' else '全称' end as name_type,
    neeq_code,
    run_date as valid_from,
    valid_to,
    src_family,
    src_record_id,
    src_url,
    file_sha256,
    fetched_at
from periods
