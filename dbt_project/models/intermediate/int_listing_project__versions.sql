-- One row a record version of any exchange, in one vocabulary: canonical status, board, cleaned company name.
-- A code that the reference tables do not know is a broken row rule, never a guess.
with staged as (
    select * from {{ ref('stg_sse__ipo_project') }}
    union all by name
    select * from {{ ref('stg_szse__ipo_project') }}
    union all by name
    select * from {{ ref('stg_bse__ipo_project') }}
),

status_map as (
    select * from {{ ref('status_map') }}
),

board_map as (
    select * from {{ ref('board_map') }}
),

mapped as (
    select
        staged.*,
        status_map.canonical as status,
        status_map.label_zh,
        board_map.board,
        {{ clean_company_name('staged.title_raw') }} as company_name
    from staged
    left join status_map
        on staged.exchange = status_map.exchange
        and staged.raw_status = status_map.raw_status
        and coalesce(staged.raw_sub, '-') = status_map.raw_sub
    left join board_map
        on staged.exchange = board_map.exchange
        and staged.raw_board = board_map.raw_board
)

select
    exchange,
    project_id,
    run_date,
    change,
    company_name,
    {{ name_key('company_name') }} as name_key,
    title_raw,
    board,
    status,
    raw_status,
    raw_sub,
    coalesce(raw_status_label, label_zh) as raw_status_label,
    plan_raise_cny,
    accepted_on,
    updated_on,
    sponsor_name,
    law_firm_name,
    accountant_name,
    region_raw as region,
    csrc_industry,
    neeq_code,
    case
        when change = 'removed' then null
        when rule is not null then rule
        when status is null then 'status_unknown'
        when board is null and raw_board is not null then 'board_unknown'
    end as rule,
    case
        when change = 'removed' then null
        when rule is not null then reason
        when status is null
            then
                'status: expected a code of reference.status_map for ' || exchange || ', got ' || raw_status
                || coalesce(' with sub-code ' || raw_sub, ' without sub-code')
        when board is null and raw_board is not null
            then
                'board: expected a code of reference.board_map for ' || exchange || ', got ' || raw_board
    end as reason,
    src_family,
    resource,
    src_record_id,
    src_url,
    file_sha256,
    fetched_at
from mapped
