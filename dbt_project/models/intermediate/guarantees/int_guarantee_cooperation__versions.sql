-- Tonight's versions of banks' lines for guarantors.
{{ config(materialized='table') }}

select * from {{ ref('stg_guarantor_reports__bank_cooperation') }}
