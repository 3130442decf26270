-- Banks' lines for guarantors whose newest version is withheld. A record leaves by itself when its source mends it.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_records(ref('int_guarantee_cooperation__versions')) }}",
) }}

{{ quarantined(ref('int_guarantee_cooperation__versions')) }}
