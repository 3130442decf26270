-- Guarantors' quarterly figures whose newest version is withheld. A record leaves by itself when its source mends it.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_records(ref('int_guarantor_quarter__versions')) }}",
) }}

{{ quarantined(ref('int_guarantor_quarter__versions')) }}
