-- One row a version of a product: what a bank offers, on which terms, from the night it was first seen to the night it was no longer.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_affected(ref('int_financial_product__affected'), ['product_id']) }}",
) }}

with history as (
    select * from {{ ref('int_financial_product__history') }}
    where {{ only_affected(ref('int_financial_product__affected'), ['product_id']) }}
)

select
    {{ with_provenance(
        ['product_id', 'version'] + product_content() + ['valid_from', 'valid_to', 'is_current'],
        "case when is_doubtful then 'warn' else 'pass' end",
    ) }}
from history
