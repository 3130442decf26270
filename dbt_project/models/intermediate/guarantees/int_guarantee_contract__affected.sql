-- The contracts of which tonight's files say anything. Incremental models compute exactly these again.
{{ config(materialized='table') }}

with versions as (
    select * from {{ ref('int_guarantee_contract__versions') }}
)

select distinct contract_id
from versions
where contract_id is not null
