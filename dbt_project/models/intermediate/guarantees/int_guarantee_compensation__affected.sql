-- The payments to be judged again tonight: those that files speak of, and those whose contract tonight's files speak of.
{{ config(materialized='table') }}

with accepted as (
    select * from {{ ref('int_guarantee_compensation__accepted') }}
),

versions as (
    select * from {{ ref('int_guarantee_compensation__versions') }}
),

contracts as (
    select * from {{ ref('int_guarantee_contract__affected') }}
),

payments as (
    select compensation_id from versions
    union
    select accepted.compensation_id
    from accepted
    inner join contracts
        on accepted.contract_id = contracts.contract_id
)

select distinct
    src_family,
    resource,
    src_record_id,
    compensation_id
from accepted
where compensation_id in (select payments.compensation_id from payments)
union
select distinct
    src_family,
    resource,
    src_record_id,
    compensation_id
from versions
