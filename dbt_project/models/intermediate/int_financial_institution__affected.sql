-- The institutions that are computed again tonight: all of a source that says anything. A new list speaks of those that it lacks as well.
{{ config(materialized='table') }}

with versions as (
    select * from {{ ref('int_financial_institution__versions') }}
),

accepted as (
    select * from {{ ref('int_financial_institution__accepted') }}
)

select distinct accepted.institution_id
from accepted
inner join versions
    on accepted.src_family = versions.src_family
