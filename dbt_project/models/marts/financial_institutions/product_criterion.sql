-- One row a criterion of a version of a product, in the order in which the source gives them.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_affected(ref('int_financial_product__affected'), ['product_id']) }}",
) }}

with stated as (
    select * from {{ criteria_of(
        ref('int_financial_product__history'),
        ['product_id', 'version', 'is_current', 'src_family', 'src_record_id', 'src_url', 'file_sha256', 'fetched_at', 'run_date'],
        only_affected(ref('int_financial_product__affected'), ['product_id']),
    ) }}
),

criteria as (
    select
        * replace (
            cast(seq as integer) as seq,
            cast(is_hard as boolean) as is_hard,
            cast(weight as decimal(9, 6)) as weight
        )
    from stated
)

select
    {{ with_provenance(
        ['product_id', 'version', 'seq', 'subject', 'field', 'op', 'value', 'unit', 'is_hard', 'weight', 'text', 'is_current'],
        "'pass'",
    ) }}
from criteria
