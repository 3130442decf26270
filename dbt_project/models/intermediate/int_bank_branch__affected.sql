-- The banks whose branches are computed again tonight: those that delivered. A new list speaks of the branches that it lacks as well.
{{ config(materialized='table') }}

with versions as (
    select * from {{ ref('int_bank_branch__versions') }}
)

select distinct institution_id
from versions
