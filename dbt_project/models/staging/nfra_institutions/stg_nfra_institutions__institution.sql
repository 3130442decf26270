-- The regulator's list of licensed institutions, one row a record version, typed. A list says everything as of its day (`period`).
with source as (
    select * from {{ source('raw', 'nfra_institutions__institution') }}
),

typed as (
    select
        'CN:' || {{ code_text('"机构编码"') }} as institution_id,
        'CN' as jurisdiction,
        {{ code_text('"机构编码"') }} as nfra_code,
        cast(null as varchar) as brand_id,
        {{ clean_company_name(text_or_null('"中文全称"')) }} as legal_name,
        {{ text_or_null('"英文全称"') }} as name_en,
        translate({{ text_or_null('"机构类型"') }}, '() ', '（）') as fi_type_raw,
        {{ text_or_null('"监管责任单位"') }} as supervisor_unit,
        cast(null as varchar) as business_number,
        {{ date_by_format('period', ['%Y-%m-%d']) }} as list_as_of,
        period as period_raw,
        fault,
        {{ record_columns('nfra_institutions', 'institution', ['sender', 'period', '"机构编码"']) }},
        {{ json_record(['sender', 'period', '"序号"', '"中文全称"', '"英文全称"', '"机构编码"', '"机构类型"', '"监管责任单位"']) }} as raw_record
    from source
)

select
    *,
    {{ verdict([
        delivery_fault(),
        ('name_missing', 'legal_name is null', reason('中文全称', 'the name of an institution', 'legal_name')),
        ('code_invalid', 'not coalesce(' ~ nfra_code_is_valid('nfra_code') ~ ', false)',
            reason('机构编码', 'a code such as B0001H111000001 with a region that has been one', 'nfra_code')),
        ('type_missing', 'fi_type_raw is null', reason('机构类型', 'a type of institution', 'fi_type_raw')),
        ('date_unreadable', 'list_as_of is null', reason('period', 'the day of the list', 'period_raw')),
        ('date_out_of_range', date_out_of_range('list_as_of'),
            reason('period', 'a day from 1978 to the day after the night', 'period_raw')),
    ]) }}
from typed
