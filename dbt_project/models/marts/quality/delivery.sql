-- One row a file that ever arrived, and what became of it. What a file of confidential reports was called is confidential too.
{{ config(materialized='table') }}

with deliveries as (
    select * from {{ source('raw', 'delivery') }}
)

select
    delivery_id,
    source_id,
    resource,
    sender,
    period,
    file_name,
    sha256,
    received_on,
    status,
    rows,
    faulty_rows,
    rejected_rows,
    message,
    is_current,
    {{ declared_visibility('source_id', 'resource') }} as visibility
from deliveries
