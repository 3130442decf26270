-- Financial products of Chinese banks, from the credit platform's feed, one row a record version, typed.
-- Limits come in 元 or 万元 as each row says. Rates are fractions a year; one above 1 was meant as percent: it is flagged and not read.
with source as (
    select * from {{ source('raw', 'bank_products__product') }}
),

named as (
    select
        *,
        {{ code_text('institution_code') }} as nfra_code,
        {{ text_or_null('limit_min') }} as limit_min_raw,
        {{ text_or_null('limit_max') }} as limit_max_raw,
        {{ text_or_null('limit_unit') }} as limit_unit_raw,
        {{ text_or_null('rate_min') }} as rate_min_raw,
        {{ text_or_null('rate_max') }} as rate_max_raw,
        try_cast({{ text_or_null('rate_min') }} as decimal(18, 9)) as rate_min_read,
        try_cast({{ text_or_null('rate_max') }} as decimal(18, 9)) as rate_max_read,
        {{ text_or_null('term_min_months') }} as term_min_raw,
        {{ text_or_null('term_max_months') }} as term_max_raw,
        {{ text_or_null('risk_share_bank') }} as risk_share_raw,
        {{ text_or_null('guarantee_required') }} as guarantee_raw,
        {{ text_or_null('subsidy') }} as subsidy_raw,
        {{ text_or_null('regions') }} as regions_raw,
        {{ text_or_null('valid_from') }} as stated_from_raw,
        {{ text_or_null('valid_to') }} as stated_to_raw,
        {{ text_or_null('reviewed_on') }} as reviewed_raw,
        {{ text_or_null('criteria') }} as criteria_raw
    from source
),

flagged as (
    select
        *,
        case
            when greatest(rate_min_read, rate_max_read) > 1 then 'percent_slip'
            when {{ unreadable('rate_min_raw', 'rate_min_read') }} or {{ unreadable('rate_max_raw', 'rate_max_read') }} then 'unreadable'
        end as rate_flag
    from named
),

typed as (
    select
        'CN:' || nfra_code || ':' || product_id as product_id,
        'CN:' || nfra_code as institution_id,
        'CN' as jurisdiction,
        nfra_code,
        product_id as product_no,
        {{ text_or_null('product_name') }} as product_name,
        {{ text_or_null('category') }} as category_raw,
        {{ text_or_null('target') }} as target,
        'CNY' as currency,
        limit_unit_raw,
        limit_min_raw,
        limit_max_raw,
        {{ to_cny('limit_min_raw', 'limit_unit_raw') }} as limit_min_amount,
        {{ to_cny('limit_max_raw', 'limit_unit_raw') }} as limit_max_amount,
        concat_ws(' ', nullif(concat_ws('–', limit_min_raw, limit_max_raw), ''), limit_unit_raw) as limit_raw,
        rate_flag,
        case when rate_flag is null then try_cast(rate_min_read as decimal(9, 6)) end as rate_min,
        case when rate_flag is null then try_cast(rate_max_read as decimal(9, 6)) end as rate_max,
        {{ text_or_null('rate_basis') }} as rate_basis,
        nullif(concat_ws('–', rate_min_raw, rate_max_raw), '') as rate_raw,
        term_min_raw,
        term_max_raw,
        {{ whole_number('term_min_raw') }} as term_min_months,
        {{ whole_number('term_max_raw') }} as term_max_months,
        {{ text_or_null('repay_method') }} as repay_method,
        guarantee_raw,
        {{ yes_or_no('guarantee_raw') }} as is_guarantee_required,
        risk_share_raw,
        try_cast(try_cast(risk_share_raw as decimal(18, 9)) as decimal(9, 6)) as risk_share_bank_ratio,
        subsidy_raw,
        {{ yes_or_no('subsidy_raw') }} as has_subsidy,
        regions_raw,
        {{ json_texts("coalesce(regions_raw, '[]')") }} as regions,
        stated_from_raw,
        {{ date_in_words('stated_from_raw') }} as stated_from,
        stated_to_raw,
        {{ date_in_words('stated_to_raw') }} as stated_to,
        {{ text_or_null('status') }} as status,
        reviewed_raw,
        {{ date_in_words('reviewed_raw') }} as reviewed_on,
        criteria_raw,
        {{ list_as_json(
            json_list("coalesce(criteria_raw, '[]')", ['subject', 'field', 'op', 'value', 'unit', 'hard', 'weight', 'text_zh']),
            'one',
            {
                'subject': text_or_null('one.subject'),
                'field': text_or_null('one.field'),
                'op': comparison('one.op'),
                'value': text_or_null('one.value'),
                'unit': text_or_null('one.unit'),
                'is_hard': "lower(trim(one.hard))",
                'weight': text_or_null('one.weight'),
                'text': text_or_null('one.text_zh'),
            },
        ) }} as criteria,
        {{ record_columns('bank_products', 'product', ['institution_code', 'product_id']) }},
        {{ json_record([
            'institution_code', 'product_id', 'product_name', 'category', 'target', 'limit_min', 'limit_max', 'limit_unit', 'rate_min', 'rate_max',
            'rate_basis', 'term_min_months', 'term_max_months', 'repay_method', 'guarantee_required', 'risk_share_bank', 'subsidy', 'regions',
            'valid_from', 'valid_to', 'status', 'reviewed_on', 'criteria', 'updated_at',
        ]) }} as raw_record
    from flagged
)

select
    *,
    {{ verdict([
        ('name_missing', 'product_name is null', reason('product_name', 'the name of a product', 'product_name')),
        ('code_invalid', 'not coalesce(' ~ nfra_code_is_valid('nfra_code') ~ ', false)',
            reason('institution_code', 'a code such as B0001H111000001 with a region that has been one', 'nfra_code')),
        ('target_unknown', "coalesce(target, '') not in ('企业', '个体', '团队')", reason('target', '企业, 个体 or 团队', 'target')),
        ('status_unknown', "coalesce(status, '') not in ('draft', 'published', 'offline')",
            reason('status', 'draft, published or offline', 'status')),
        ('unit_unknown', "coalesce(limit_unit_raw, '') not in ('元', '万元')", reason('limit_unit', '元 or 万元', 'limit_unit_raw')),
        ('amount_unreadable', 'limit_max_amount is null', reason('limit_max', 'an amount of money', 'limit_max_raw')),
        ('amount_unreadable', unreadable('limit_min_raw', 'limit_min_amount'), reason('limit_min', 'an amount of money', 'limit_min_raw')),
        ('limit_out_of_range', 'limit_max_amount <= 0 or limit_max_amount > 1000000000',
            reason('limit_max', 'more than 0 and at most 1,000,000,000 元', 'limit_raw')),
        ('limit_out_of_range', 'limit_min_amount < 0', reason('limit_min', 'at least 0', 'limit_raw')),
        ('limits_reversed', 'limit_min_amount > limit_max_amount', reason('limit_min', 'no more than limit_max', 'limit_raw')),
        ('rate_out_of_range', 'rate_min < 0 or rate_max < 0 or rate_min > 0.24 or rate_max > 0.24',
            reason('rate', 'a fraction a year from 0 to 0.24', 'rate_raw')),
        ('rates_reversed', 'rate_min > rate_max', reason('rate_min', 'no more than rate_max', 'rate_raw')),
        ('basis_unknown', "rate_basis not in ('固定', 'LPR+bp')", reason('rate_basis', '固定 or LPR+bp', 'rate_basis')),
        ('term_unreadable', unreadable('term_min_raw', 'term_min_months'), reason('term_min_months', 'whole months', 'term_min_raw')),
        ('term_unreadable', unreadable('term_max_raw', 'term_max_months'), reason('term_max_months', 'whole months', 'term_max_raw')),
        ('term_out_of_range', 'term_min_months not between 1 and 360', reason('term_min_months', '1 to 360 months', 'term_min_raw')),
        ('term_out_of_range', 'term_max_months not between 1 and 360', reason('term_max_months', '1 to 360 months', 'term_max_raw')),
        ('terms_reversed', 'term_min_months > term_max_months', reason('term_min_months', 'no more than term_max_months', 'term_min_raw')),
        ('ratio_out_of_range', "risk_share_raw is not null and coalesce(risk_share_bank_ratio, -1) not between 0 and 1",
            reason('risk_share_bank', 'a fraction from 0 to 1', 'risk_share_raw')),
        ('flag_unreadable', unreadable('guarantee_raw', 'is_guarantee_required'),
            reason('guarantee_required', 'true or false', 'guarantee_raw')),
        ('flag_unreadable', unreadable('subsidy_raw', 'has_subsidy'), reason('subsidy', 'true or false', 'subsidy_raw')),
        ('region_unknown', 'regions is null', reason('regions', 'a JSON list of region codes', 'regions_raw')),
        ('region_unknown', list_size(list_keep('regions', 'one', 'not ' ~ regex_found("coalesce(one, '')", '^[0-9]{6}$'))) ~ ' > 0',
            reason('regions', 'codes of six digits', 'regions_raw')),
        ('date_unreadable', unreadable('stated_from_raw', 'stated_from'), reason('valid_from', 'a date', 'stated_from_raw')),
        ('date_unreadable', unreadable('stated_to_raw', 'stated_to'), reason('valid_to', 'a date', 'stated_to_raw')),
        ('date_unreadable', unreadable('reviewed_raw', 'reviewed_on'), reason('reviewed_on', 'a date', 'reviewed_raw')),
        ('date_out_of_range', end_out_of_range('stated_from'), reason('valid_from', 'a day from 1978 to 2099', 'stated_from_raw')),
        ('date_out_of_range', end_out_of_range('stated_to'), reason('valid_to', 'a day from 1978 to 2099', 'stated_to_raw')),
        ('date_out_of_range', date_out_of_range('reviewed_on'),
            reason('reviewed_on', 'a day from 1978 to the day after the night', 'reviewed_raw')),
        ('dates_reversed', 'stated_from > stated_to', reason('valid_to', 'a day not before valid_from', 'stated_to_raw')),
        ('criteria_unreadable', 'criteria is null', reason('criteria', 'a JSON list of objects', 'criteria_raw')),
    ]) }}
from typed
