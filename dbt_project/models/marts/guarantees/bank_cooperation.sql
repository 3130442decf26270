-- One row a guarantor, bank and quarter: the bank's line as the guarantor last stated it for that quarter.
{{ config(materialized='table') }}

with standing as (
    {{ standing(ref('int_guarantee_cooperation__accepted'), ref('int_guarantee_cooperation__versions'), ['guarantor_id']) }}
)

select
    {{ with_provenance(
        ['guarantor_id', 'institution_id', 'period', 'bank_name', 'credit_line_cny', 'used_cny', 'bank_share_ratio', 'valid_to'],
        "case when is_newest_good then 'pass' else 'warn' end",
    ) }}
from standing
qualify row_number() over (partition by guarantor_id, institution_id, period order by run_date desc, src_record_id asc) = 1
