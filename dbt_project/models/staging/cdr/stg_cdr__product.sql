-- Products of Australian banks, one row a record version, typed. The same product may stand under several brands.
-- Rates are fractions a year; one above 1 was meant as percent: it is flagged and none of the product's rates is read.
-- Limits that cannot be (below 100 dollars, above 1,000,000,000, reversed) are left out and the row is marked; what the bank wrote stays
-- in limit_raw.
with source as (
    select
        *,
        {{ json_list('constraints', ['constraintType', 'additionalValue']) }} as limits,
        {{ json_list('eligibility', ['eligibilityType', 'additionalValue', 'additionalInfo']) }} as conditions,
        {{ json_list('lendingRates', ['lendingRateType', 'rate', 'repaymentType', 'tiers']) }} as lending_rates
    from {{ source('raw', 'cdr__product') }}
),

condition_rows as (
    select * from {{ rows_of_list(
        'source', ['brand_id', 'productId', '_run_date'], 'conditions', ['eligibilityType', 'additionalValue', 'additionalInfo']
    ) }}
),

eligibility_map as (
    select * from {{ ref('eligibility_map') }}
),

eligibility as (
    select
        condition_rows.brand_id,
        condition_rows.productId,
        condition_rows._run_date,
        {{ rows_as_json(
            {
                'subject': 'eligibility_map.subject',
                'field': 'eligibility_map.field',
                'op': 'eligibility_map.op',
                'value': "case when eligibility_map.op is distinct from 'exists' then " ~ text_or_null('condition_rows.additionalValue') ~ ' end',
                'unit': 'eligibility_map.unit',
                'is_hard': "'true'",
                'weight': 'cast(null as varchar)',
                'text': "concat_ws(': ', condition_rows.eligibilityType, " ~ text_or_null('condition_rows.additionalInfo') ~ ')',
            },
            'condition_rows.seq',
        ) }} as criteria,
        min(condition_rows.eligibilityType) filter (eligibility_map.eligibility_type is null) as unknown_eligibility,
        bool_or(condition_rows.eligibilityType = 'BUSINESS')
        and not bool_or(condition_rows.eligibilityType = 'NATURAL_PERSON') as is_for_companies
    from condition_rows
    left join eligibility_map
        on condition_rows.eligibilityType = eligibility_map.eligibility_type
    group by condition_rows.brand_id, condition_rows.productId, condition_rows._run_date
),

rate_rows as (
    select * from {{ rows_of_list(
        'source', ['brand_id', 'productId', '_run_date'], 'lending_rates', ['lendingRateType', 'rate', 'repaymentType', 'tiers']
    ) }}
),

lending_rate_map as (
    select * from {{ ref('lending_rate_map') }}
),

read_rates as (
    select
        rate_rows.*,
        lending_rate_map.is_rate,
        lending_rate_map.rate_basis,
        try_cast(rate_rows.rate as decimal(18, 9)) as rate_read,
        {{ list_lowest(months_of_tiers('rate_rows.tiers', 'minimumValue')) }} as term_min_months,
        {{ list_highest(months_of_tiers('rate_rows.tiers', 'maximumValue')) }} as term_max_months
    from rate_rows
    left join lending_rate_map
        on rate_rows.lendingRateType = lending_rate_map.rate_type
),

rates as (
    select
        brand_id,
        productId,
        _run_date,
        min(lendingRateType) filter (is_rate is null) as unknown_rate_type,
        case
            when bool_or(is_rate and rate_read > 1) then 'percent_slip'
            when bool_or(is_rate and rate_read is null) then 'unreadable'
        end as rate_flag,
        min(rate_read) filter (is_rate) as rate_lowest,
        max(rate_read) filter (is_rate) as rate_highest,
        {{ list_text(rows_as_list("case when is_rate then nullif(rate, '') end"), ', ') }} as rate_raw,
        {{ list_text(rows_as_list('rate_basis'), '/') }} as rate_basis,
        {{ list_text(rows_as_list("nullif(repaymentType, '')"), ', ') }} as repay_method,
        min(term_min_months) as term_min_months,
        max(term_max_months) as term_max_months
    from read_rates
    group by brand_id, productId, _run_date
),

limited as (
    select
        *,
        {{ list_lowest(constraint_amounts('limits', 'MIN_LIMIT')) }} as limit_lowest,
        {{ list_highest(constraint_amounts('limits', 'MAX_LIMIT')) }} as limit_highest,
        {{ list_text(
            list_each(
                list_keep('limits', 'one', "one.constraintType in ('MIN_LIMIT', 'MAX_LIMIT') and one.additionalValue is not null"),
                'one', "one.constraintType || ' ' || one.additionalValue"
            ), '; '
        ) }} as limit_raw
    from source
),

-- a largest amount below 100 is in some other unit: thousands, millions, percent
stated as (
    select
        *,
        coalesce(
            limit_lowest < 0 or limit_highest < 100 or limit_highest > 1000000000
            or limit_lowest > coalesce(limit_highest, 1000000000),
            false
        ) as is_limit_unusable,
        {{ record_columns('cdr', 'product', ['brand_id', 'productId']) }},
        {{ json_record([
            'brand_id', 'productId', 'productCategory', 'name', 'description', 'brand', 'brandName', 'effectiveFrom', 'effectiveTo', 'lastUpdated',
            'isTailored', 'applicationUri', 'additionalInformation', 'eligibility', 'constraints', 'features', 'fees', 'lendingRates',
            'depositRates', 'bundles', 'cardArt',
        ]) }} as raw_record
    from limited
),

typed as (
    select
        'AU:' || stated.brand_id || ':' || stated.productId as product_id,
        'AU:' || stated.brand_id as institution_id,
        'AU' as jurisdiction,
        stated.productId as product_no,
        {{ text_or_null('stated.name') }} as product_name,
        {{ text_or_null('stated.productCategory') }} as category_raw,
        case when eligibility.is_for_companies then '企业' end as target,
        'AUD' as currency,
        stated.is_limit_unusable,
        case when not stated.is_limit_unusable then stated.limit_lowest end as limit_min_amount,
        case when not stated.is_limit_unusable then stated.limit_highest end as limit_max_amount,
        stated.limit_raw,
        rates.rate_flag,
        case when rates.rate_flag is null then try_cast(rates.rate_lowest as decimal(9, 6)) end as rate_min,
        case when rates.rate_flag is null then try_cast(rates.rate_highest as decimal(9, 6)) end as rate_max,
        rates.rate_basis,
        rates.rate_raw,
        rates.rate_lowest,
        rates.unknown_rate_type,
        rates.term_min_months,
        rates.term_max_months,
        rates.repay_method,
        cast(null as boolean) as is_guarantee_required,
        cast(null as decimal(9, 6)) as risk_share_bank_ratio,
        cast(null as boolean) as has_subsidy,
        cast(null as varchar[]) as regions,
        stated.effectiveFrom as stated_from_raw,
        {{ date_by_format("left(stated.effectiveFrom, 10)", ['%Y-%m-%d']) }} as stated_from,
        stated.effectiveTo as stated_to_raw,
        {{ no_end_far_off(date_by_format("left(stated.effectiveTo, 10)", ['%Y-%m-%d'])) }} as stated_to,
        'published' as status,
        cast(null as date) as reviewed_on,
        coalesce(eligibility.criteria, '[]') as criteria,
        eligibility.unknown_eligibility,
        (stated.constraints is not null and stated.limits is null)
        or (stated.eligibility is not null and stated.conditions is null)
        or (stated.lendingRates is not null and stated.lending_rates is null) as has_no_lists,
        {{ record_names() }},
        stated.raw_record
    from stated
    left join eligibility
        on stated.brand_id = eligibility.brand_id
        and stated.productId = eligibility.productId
        and stated._run_date = eligibility._run_date
    left join rates
        on stated.brand_id = rates.brand_id
        and stated.productId = rates.productId
        and stated._run_date = rates._run_date
)

select
    *,
    {{ verdict([
        ('name_missing', 'product_name is null', reason('name', 'the name of a product', 'product_name')),
        ('lists_unreadable', 'has_no_lists', "'constraints, eligibility, lendingRates: expected JSON lists, got something else'"),
        ('eligibility_unknown', 'unknown_eligibility is not null',
            reason('eligibilityType', 'a code of reference.eligibility_map', 'unknown_eligibility')),
        ('rate_type_unknown', 'unknown_rate_type is not null',
            reason('lendingRateType', 'a code of reference.lending_rate_map', 'unknown_rate_type')),
        ('rate_out_of_range', 'rate_lowest < 0', reason('rate', 'a fraction a year from 0', 'rate_raw')),
        ('term_out_of_range', 'term_min_months not between 1 and 360 or term_max_months not between 1 and 360',
            reason('tiers', '1 to 360 months', "concat_ws(' to ', term_min_months, term_max_months)")),
        ('terms_reversed', 'term_min_months > term_max_months',
            reason('tiers', 'a shortest term no more than the longest', "concat_ws(' to ', term_min_months, term_max_months)")),
        ('date_unreadable', unreadable('stated_from_raw', 'stated_from'), reason('effectiveFrom', 'a date', 'stated_from_raw')),
        ('date_unreadable', unreadable('stated_to_raw', 'stated_to'), reason('effectiveTo', 'a date', 'stated_to_raw')),
        ('date_out_of_range', end_out_of_range('stated_from'), reason('effectiveFrom', 'a day from 1978 to 2099', 'stated_from_raw')),
        ('date_out_of_range', end_out_of_range('stated_to'), reason('effectiveTo', 'a day from 1978 to 2099', 'stated_to_raw')),
    ]) }}
from typed
