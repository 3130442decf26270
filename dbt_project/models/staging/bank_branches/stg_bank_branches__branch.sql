-- Banks' branches, as each bank lists them by quarter, one row a record version, typed. The sender of a list is the code of its bank.
with source as (
    select * from {{ source('raw', 'bank_branches__branch') }}
),

typed as (
    select
        'CN:' || {{ code_text('"机构编码"') }} as branch_id,
        'CN:' || sender as institution_id,
        sender as bank_code,
        {{ code_text('"机构编码"') }} as branch_code,
        {{ code_text(text_or_null('"上级机构编码"')) }} as parent_code,
        {{ clean_company_name(text_or_null('"机构名称"')) }} as branch_name,
        {{ code_text(text_or_null('"支付系统行号"')) }} as cnaps12,
        {{ code_text(text_or_null('"行政区划代码"')) }} as region6,
        {{ text_or_null('"科技支行"') }} as tech_branch_raw,
        {{ yes_or_no('"科技支行"') }} as is_tech_branch,
        {{ text_or_null('"状态"') }} as status_raw,
        period as list_period,
        fault,
        {{ record_columns('bank_branches', 'branch', ['sender', 'period', '"机构编码"']) }},
        {{ json_record(['sender', 'period', '"机构编码"', '"上级机构编码"', '"机构名称"', '"支付系统行号"', '"行政区划代码"', '"科技支行"', '"状态"']) }}
            as raw_record
    from source
)

select
    *,
    {{ verdict([
        delivery_fault(),
        ('name_missing', 'branch_name is null', reason('机构名称', 'the name of a branch', 'branch_name')),
        ('code_invalid', 'not coalesce(' ~ nfra_code_is_valid('branch_code') ~ ', false)',
            reason('机构编码', 'a code such as B0001S232010001 with a region that has been one', 'branch_code')),
        ('code_of_another_bank', 'left(branch_code, 5) <> left(bank_code, 5)',
            reason('机构编码', "a code of the bank that sent the list, ' || left(bank_code, 5) || '…", 'branch_code')),
        ('code_invalid', 'not ' ~ nfra_code_is_valid('parent_code'),
            reason('上级机构编码', 'a code such as B0001L232000001 with a region that has been one', 'parent_code')),
        ('parent_is_itself', 'parent_code = branch_code', reason('上级机构编码', 'the code of another branch', 'parent_code')),
        ('code_invalid', 'not ' ~ regex_found('cnaps12', '^[0-9]{12}$'), reason('支付系统行号', 'twelve digits', 'cnaps12')),
        ('region_unknown', "coalesce(region6, '') not in (select code from " ~ ref('region') ~ ')',
            reason('行政区划代码', 'a code of reference.region', 'region6')),
        ('flag_unreadable', 'is_tech_branch is null', reason('科技支行', '是 or 否', 'tech_branch_raw')),
        ('status_unknown', "coalesce(status_raw, '') not in ('在业', '注销')", reason('状态', '在业 or 注销', 'status_raw')),
    ]) }}
from typed
