-- Tonight's versions of guarantors' quarterly figures.
{{ config(materialized='table') }}

select * from {{ ref('stg_guarantor_reports__quarter') }}
