-- Shanghai's review projects, one row a record version, typed.
-- The sub-code that belongs to a status stands in another column for each status; amounts are in 亿元.
with source as (
    select
        *,
        {{ json_list('intermediary', ['i_intermediaryType', 'i_intermediaryName', 'i_intermediaryAbbrName']) }} as firms
    from {{ source('raw', 'sse__ipo_project') }}
),

typed as (
    select
        'SSE' as exchange,
        stockAuditNum as project_id,
        _change as change,
        _run_date as run_date,
        {{ text_or_null('stockAuditName') }} as title_raw,
        issueMarketType as raw_board,
        {{ text_or_null('currStatus') }} as raw_status,
        case currStatus
            when '3' then nullif(commitiResult, '')
            when '5' then nullif(registeResult, '')
            when '7' then nullif(suspendStatus, '')
            when '9' then nullif(commitiResult, '')
        end as raw_sub,
        cast(null as varchar) as raw_status_label,
        {{ text_or_null('planIssueCapital') }} as plan_raise_raw,
        '亿元' as plan_raise_unit,
        {{ to_cny('planIssueCapital', "'亿元'") }} as plan_raise_cny,
        {{ text_or_null('auditApplyDate') }} as accepted_raw,
        {{ to_date('auditApplyDate', 'digits') }} as accepted_on,
        {{ text_or_null('updateDate') }} as updated_raw,
        {{ to_date('updateDate', 'digits') }} as updated_on,
        {{ sse_firms('sponsor') }} as sponsor_name,
        {{ sse_firms('law_firm') }} as law_firm_name,
        {{ sse_firms('accountant') }} as accountant_name,
        {{ text_or_null('province') }} as region_raw,
        {{ text_or_null('csrcCode') }} as csrc_industry,
        cast(null as varchar) as neeq_code,
        'sse' as src_family,
        'ipo_project' as resource,
        stockAuditNum as src_record_id,
        _url as src_url,
        _payload as file_sha256,
        _fetched_at as fetched_at,
        {{ json_record([
            'stockAuditNum', 'stockAuditName', 'currStatus', 'commitiResult', 'registeResult', 'suspendStatus', 'issueMarketType',
            'planIssueCapital', 'auditApplyDate', 'updateDate', 'firms', 'province', 'csrcCode',
        ]) }} as raw_record
    from source
)

select
    *,
    {{ row_rules({
        'title': 'stockAuditName', 'status': 'currStatus', 'accepted': 'auditApplyDate', 'updated': 'updateDate',
        'raise': 'planIssueCapital',
    }) }}
from typed
