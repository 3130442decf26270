-- The branches that are computed again tonight: all of a bank that delivered. A new list speaks of those that it lacks as well.
{{ config(materialized='table') }}

with versions as (
    select * from {{ ref('int_bank_branch__versions') }}
),

accepted as (
    select * from {{ ref('int_bank_branch__accepted') }}
)

select distinct accepted.branch_id
from accepted
inner join versions
    on accepted.institution_id = versions.institution_id
