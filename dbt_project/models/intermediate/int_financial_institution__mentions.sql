-- The legal person behind an institution: its name, the English name or brand beside it, its code at the regulator or business number.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    tags=['identity_input'],
    pre_hook="{{ forget_records(ref('int_financial_institution__versions')) }}",
) }}

{{ mention_periods('financial_institution', [
    {
        'key': 'mention_key',
        'name': 'legal_name',
        'name_key': 'name_key',
        'jurisdiction': 'jurisdiction',
        'role': "case when kind = 'bank' or jurisdiction = 'AU' then 'bank' else 'financial_institution' end",
        'ids': [("'NFRA15'", 'nfra_code'), ("'ABN'", 'business_number')],
    },
    {
        'key': 'mention_key',
        'name': 'name_en',
        'name_type': "case jurisdiction when 'CN' then '英文' else '品牌' end",
        'jurisdiction': 'jurisdiction',
    },
]) }}
