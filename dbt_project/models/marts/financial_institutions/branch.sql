-- One row a branch of a Chinese bank, by the newest list of its bank. A branch of an earlier list that the newest lacks is 注销.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_affected(ref('int_bank_branch__affected'), ['institution_id']) }}",
) }}

with accepted as (
    select * from {{ ref('int_bank_branch__accepted') }}
    where {{ only_affected(ref('int_bank_branch__affected'), ['institution_id']) }}
),

standing as (
    {{ standing(ref('int_bank_branch__accepted'), ref('int_bank_branch__affected'), ['institution_id']) }}
),

-- what the lists hold tonight, withheld rows included: a row that cannot be read closes no branch
listed as (
    select
        institution_id,
        branch_id,
        branch_name,
        list_period,
        rule
    from accepted
    qualify row_number() over (partition by src_record_id order by run_date desc) = 1 and change <> 'removed'
),

lists as (
    select
        institution_id,
        max(list_period) as newest_period
    from listed
    where rule is distinct from 'code_of_another_bank'
    group by institution_id
),

newest_lists as (
    select listed.*
    from listed
    inner join lists
        on listed.institution_id = lists.institution_id
        and listed.list_period = lists.newest_period
),

newest as (
    select *
    from standing
    qualify row_number() over (partition by branch_id order by list_period desc, run_date desc) = 1
),

-- withheld rows whose code is no branch's: a slip in the code, so their names tell whose they are
slips as (
    select newest_lists.*
    from newest_lists
    left join newest
        on newest_lists.institution_id = newest.institution_id
        and newest_lists.branch_id = newest.branch_id
    where newest_lists.rule is not null and newest.branch_id is null
),

on_newest_list as (
    select
        institution_id,
        branch_id
    from newest_lists
    union
    select
        newest.institution_id,
        newest.branch_id
    from newest
    inner join slips
        on newest.institution_id = slips.institution_id
        and newest.branch_name = slips.branch_name
),

branches as (
    select
        newest.* exclude (status),
        case when on_newest_list.branch_id is null then '注销' else newest.status end as status,
        not newest.is_newest_good or (on_newest_list.branch_id is not null and newest.list_period < lists.newest_period) as is_withheld
    from newest
    inner join lists
        on newest.institution_id = lists.institution_id
    left join on_newest_list
        on newest.institution_id = on_newest_list.institution_id
        and newest.branch_id = on_newest_list.branch_id
)

select
    {{ with_provenance(
        ['branch_id', 'institution_id', 'parent_branch_id', 'branch_name', 'cnaps12', 'region6', 'city_unit', 'is_tech_branch', 'status',
         'list_period'],
        "case when is_withheld then 'warn' else 'pass' end",
    ) }}
from branches
