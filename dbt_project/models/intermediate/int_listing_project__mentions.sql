-- The company that a review project speaks of: its names, the number of the project and the NEEQ code.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    tags=['identity_input'],
    pre_hook="{{ forget_records(ref('int_listing_project__versions')) }}",
) }}

{{ mention_periods('listing_project', [
    {
        'key': 'mention_key',
        'name': 'company_name',
        'name_key': 'name_key',
        'role': "'candidate'",
        'ids': [("case exchange when 'SSE' then 'SSE_AUDIT' when 'SZSE' then 'SZSE_PRJ' when 'BSE' then 'BSE_PRJ' end", 'project_id'),
                ("'NEEQ'", 'neeq_code')],
    },
]) }}
