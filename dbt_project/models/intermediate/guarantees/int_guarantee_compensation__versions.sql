-- Tonight's versions of payments in place of clients.
{{ config(materialized='table') }}

select * from {{ ref('stg_guarantor_reports__compensation') }}
