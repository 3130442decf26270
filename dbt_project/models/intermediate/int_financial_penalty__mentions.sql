-- The organization that a decision penalizes.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    tags=['identity_input'],
    pre_hook="{{ forget_records(ref('int_financial_penalty__versions')) }}",
) }}

{{ mention_periods('financial_penalty', [
    {
        'key': 'mention_key',
        'name': 'party_name',
        'name_key': 'name_key',
    },
]) }}
