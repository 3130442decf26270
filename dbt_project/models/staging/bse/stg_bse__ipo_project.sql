-- Beijing's review projects, one row a record version, typed.
-- The key is `id`: a NEEQ stock code may come with several projects. Dates are objects {"time": milliseconds}.
with source as (
    select
        *,
        {{ json_text('receiveDate', 'time') }} as receive_ms,
        {{ json_text('updateDate', 'time') }} as update_ms
    from {{ source('raw', 'bse__ipo_project') }}
),

typed as (
    select
        'BSE' as exchange,
        id as project_id,
        _change as change,
        _run_date as run_date,
        {{ text_or_null('companyName') }} as title_raw,
        '北交所' as raw_board,
        {{ text_or_null('status') }} as raw_status,
        cast(null as varchar) as raw_sub,
        cast(null as varchar) as raw_status_label,
        cast(null as varchar) as plan_raise_raw,
        cast(null as varchar) as plan_raise_unit,
        cast(null as decimal(20, 2)) as plan_raise_cny,
        {{ text_or_null('receiveDate') }} as accepted_raw,
        {{ to_date('receive_ms', 'ms') }} as accepted_on,
        {{ text_or_null('updateDate') }} as updated_raw,
        {{ to_date('update_ms', 'ms') }} as updated_on,
        {{ text_or_null('sponsorOrg') }} as sponsor_name,
        cast(null as varchar) as law_firm_name,
        cast(null as varchar) as accountant_name,
        {{ text_or_null('registerAddress') }} as region_raw,
        cast(null as varchar) as csrc_industry,
        {{ text_or_null('stockCode') }} as neeq_code,
        'bse' as src_family,
        'ipo_project' as resource,
        id as src_record_id,
        _url as src_url,
        _payload as file_sha256,
        _fetched_at as fetched_at,
        {{ json_record([
            'id', 'stockCode', 'stockName', 'companyName', 'status', 'sponsorOrg', 'registerAddress', 'receiveDate', 'updateDate',
        ]) }} as raw_record
    from source
)

select
    *,
    {{ row_rules({'title': 'companyName', 'status': 'status', 'accepted': 'receiveDate', 'updated': 'updateDate'}) }}
from typed
