-- Loans that the US Small Business Administration guarantees, one row a record version, typed, in the words of guarantee contracts.
-- The guarantee covers the guaranteed part of the approved amount, the lender keeps the rest. The file gives no balance.
-- Dates come as 2/28/1997 (all but one column), 24-Jun-91 (charge-offs) or 2023-02-28. The agency began on 1953-07-30.
{% set dates = ['%m/%d/%Y', '%d-%b-%y', '%Y-%m-%d'] -%}
{% set began = "date '1953-07-30'" -%}

with source as (
    select * from {{ source('raw', 'sba__loan') }}
),

status_map as (
    select * from {{ ref('sba_status_map') }}
),

mapped as (
    select
        source.*,
        status_map.status,
        status_map.raw_status is not null as is_status_known
    from source
    left join status_map
        on coalesce(upper(trim(source.status_raw)), '-') = status_map.raw_status
),

typed as (
    select
        *,
        {{ record_columns('sba', 'loan', ['loan_key']) }},
        is_individual = 'true' as is_client_person,
        case when is_individual = 'false' then {{ text_or_null('borrower_name') }} end as client_name,
        try_cast({{ plain_number('approved_amount') }} as decimal(20, 2)) as principal_amount,
        try_cast({{ plain_number('guaranteed_amount') }} as decimal(20, 2)) as guarantor_amount,
        try_cast({{ plain_number('charged_off_amount') }} as decimal(20, 2)) as charged_off,
        {{ date_by_format('approved_on', dates) }} as started_on,
        {{ date_by_format('charged_off_on', dates) }} as charged_off_day,
        {{ whole_number('trim(term_months)') }} as months,
        {{ json_record([
            'loan_key', 'borrower_name', 'is_individual', 'borrower_city', 'borrower_state', 'borrower_zip', 'lender_name', 'lender_state', 'naics',
            'approved_on', 'approval_fiscal_year', 'term_months', 'jobs_supported', 'employees', 'program', 'disbursed_on', 'disbursed_amount',
            'status_raw', 'charged_off_on', 'charged_off_amount', 'approved_amount', 'guaranteed_amount', 'franchise', 'revolving',
        ]) }} as raw_record
    from mapped
),

shared as (
    select
        *,
        cast(
            case when guarantor_amount between 0 and principal_amount then guarantor_amount / nullif(principal_amount, 0) end
            as decimal(9, 6)
        ) as share_guarantor_ratio
    from typed
)

select
    {{ record_names() }},
    'US:SBA:' || loan_key as contract_id,
    'US:SBA' as guarantor_id,
    loan_key as contract_no,
    client_name,
    concat_ws(', ', {{ text_or_null('borrower_city') }}, {{ text_or_null('borrower_state') }}) as client_place,
    {{ text_or_null('lender_name') }} as creditor_name,
    '借款' as kind,
    principal_amount,
    guarantor_amount as guaranteed_amount,
    share_guarantor_ratio,
    cast(1 - share_guarantor_ratio as decimal(9, 6)) as share_bank_ratio,
    started_on,
    case when months between 1 and 600 then {{ months_after('started_on', 'months') }} end as ends_on,
    nullif({{ text_or_null('naics') }}, '0') as industry,
    status,
    charged_off as charged_off_amount,
    case
        when status is null then 'status_not_stated'
        when charged_off > principal_amount then 'charged_off_above_principal'
    end as caution,
    raw_record,
    {{ verdict([
        missing_rule('loan_key', 'loan_key'),
        ('code_unknown', "is_individual is null or is_individual not in ('true', 'false')", reason('is_individual', 'true or false', 'is_individual')),
        ('amount_unreadable', 'coalesce(principal_amount, 0) <= 0', reason('approved_amount', 'an amount above zero', 'approved_amount')),
        ('amount_unreadable', 'coalesce(guarantor_amount, -1) < 0', reason('guaranteed_amount', 'an amount', 'guaranteed_amount')),
        (
            'guarantee_above_principal', 'guarantor_amount > principal_amount',
            reason('guaranteed_amount', 'no more than the approved amount', 'guaranteed_amount'),
        ),
        (
            'amount_unreadable', text_or_null('charged_off_amount') ~ ' is not null and coalesce(charged_off, -1) < 0',
            reason('charged_off_amount', 'an amount', 'charged_off_amount'),
        ),
        ('date_unreadable', 'started_on is null', reason('approved_on', 'a date', 'approved_on')),
        (
            'date_out_of_range', 'started_on not between ' ~ began ~ ' and ' ~ days_after('run_date', 1),
            reason('approved_on', 'a date from 1953-07-30 to the day after the night', 'approved_on'),
        ),
        (
            'date_unreadable', text_or_null('charged_off_on') ~ ' is not null and charged_off_day is null',
            reason('charged_off_on', 'a date', 'charged_off_on'),
        ),
        ('status_unknown', 'not is_status_known', reason('status_raw', 'a word of reference.sba_status_map', 'status_raw')),
    ]) }}
from shared
