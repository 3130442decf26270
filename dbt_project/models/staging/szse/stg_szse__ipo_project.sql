-- Shenzhen's review projects, one row a record version, typed.
-- Where the status code is not filled, the text of the status stands for it; the list gives no amount.
with source as (
    select * from {{ source('raw', 'szse__ipo_project') }}
),

typed as (
    select
        'SZSE' as exchange,
        prjid as project_id,
        _change as change,
        _run_date as run_date,
        {{ text_or_null('cmpnm') }} as title_raw,
        boardName as raw_board,
        {{ text_or_null('stage') }} as raw_status,
        coalesce(nullif(prjstatus, ''), nullif(prjst, '')) as raw_sub,
        nullif(prjst, '') as raw_status_label,
        cast(null as varchar) as plan_raise_raw,
        cast(null as varchar) as plan_raise_unit,
        cast(null as decimal(20, 2)) as plan_raise_cny,
        {{ text_or_null('acptdt') }} as accepted_raw,
        {{ to_date('acptdt', 'dashes') }} as accepted_on,
        {{ text_or_null('updtdt') }} as updated_raw,
        {{ to_date('updtdt', 'dashes') }} as updated_on,
        {{ text_or_null('sprinsts') }} as sponsor_name,
        cast(null as varchar) as law_firm_name,
        cast(null as varchar) as accountant_name,
        cast(null as varchar) as region_raw,
        {{ text_or_null('csrcind') }} as csrc_industry,
        cast(null as varchar) as neeq_code,
        'szse' as src_family,
        'ipo_project' as resource,
        prjid as src_record_id,
        _url as src_url,
        _payload as file_sha256,
        _fetched_at as fetched_at,
        {{ json_record([
            'prjid', 'cmpnm', 'cmpsnm', 'prjst', 'stage', 'prjstatus', 'boardName', 'sprinsts', 'csrcind', 'acptdt', 'updtdt',
        ]) }} as raw_record
    from source
)

select
    *,
    {{ row_rules({'title': 'cmpnm', 'status': 'stage', 'accepted': 'acptdt', 'updated': 'updtdt'}) }}
from typed
