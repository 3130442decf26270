-- The names and numbers by which guarantees speak of organizations, and since when.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    tags=['identity_input'],
    pre_hook="{{ forget_records(ref('int_guarantee_party__versions')) }}",
) }}

{{ mention_periods('guarantee_party', [
    {
        'key': 'mention_key',
        'name': 'name',
        'name_key': 'name_key',
        'uscc': 'uscc',
        'jurisdiction': 'jurisdiction',
        'place': 'place',
        'visibility': 'visibility',
        'role': 'role',
        'ids': [('id_type', 'id_value')],
    },
]) }}
