-- Tonight's versions of what the provincial lists say of guarantors.
{{ config(materialized='table') }}

select * from {{ ref('stg_guarantee_lists__institution') }}
