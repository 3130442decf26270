-- The payments to be judged again tonight: those that files speak of, and those whose contract tonight's files speak of.
{{ config(materialized='table') }}

with kept as (
    select * from {{ ref('int_guarantee_compensation__kept') }}
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
    select kept.compensation_id
    from kept
    inner join contracts
        on kept.contract_id = contracts.contract_id
)

select distinct
    src_family,
    resource,
    src_record_id,
    compensation_id
from kept
where compensation_id in (select payments.compensation_id from payments)
union
select distinct
    src_family,
    resource,
    src_record_id,
    compensation_id
from versions
