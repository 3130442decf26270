-- The projects of which tonight's change logs say anything. Incremental models compute exactly these again.
{{ config(materialized='table') }}

with versions as (
    select * from {{ ref('int_listing_project__versions') }}
)

select distinct
    exchange,
    project_id
from versions
