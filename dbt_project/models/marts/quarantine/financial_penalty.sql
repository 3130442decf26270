-- The records of penalties whose newest version is withheld: which rule it breaks, in words, and the record as the source sent it.
-- A record leaves this table by itself when the source mends it.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_records(ref('int_financial_penalty__versions')) }}",
) }}

{{ quarantined(ref('int_financial_penalty__versions')) }}
