-- The products of which tonight's change logs say anything. Incremental models compute exactly these again.
{{ config(materialized='table') }}

with versions as (
    select * from {{ ref('int_financial_product__versions') }}
)

select distinct product_id
from versions
