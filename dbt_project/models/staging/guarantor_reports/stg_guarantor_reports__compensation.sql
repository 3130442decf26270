-- Payments of guarantors in place of their clients, one row a version of what a month's file says of a payment, typed.
-- Whether it fits its contract is judged where the contract is known (int_guarantee_compensation__judged).
{% set money = {'代偿金额': 'amount', '已追偿金额': 'recovered_amount'} -%}

with source as (
    select * from {{ source('raw', 'guarantor_reports__compensation') }}
),

head_units as (
    {{ head_units() }}
),

coded as (
    select
        source.*,
        head_units.*,
        {{ stated_code('source.sender') }} as sender_raw
    from source
    cross join head_units
),

typed as (
    select
        coded.*,
        {{ record_columns('guarantor_reports', 'compensation', ['sender', 'period', '代偿编号']) }},
        {{ uscc_repaired('sender_raw') }} as guarantor_uscc,
        {{ stated_code('代偿编号') }} as event_no,
        {{ stated_code('合同编号') }} as contract_no,
        {{ date_in_words('代偿日期') }} as paid_on,
        {{ in_cny('代偿金额') }} as amount,
        {{ in_cny('已追偿金额') }} as recovered_amount,
        {{ json_record([
            'sender', 'period', '代偿编号', '合同编号', '代偿日期', '代偿金额', '代偿金额_unit', '已追偿金额', '已追偿金额_unit', 'fault',
        ]) }} as raw_record
    from coded
)

select
    {{ record_names() }},
    'CN:' || guarantor_uscc || ':' || event_no as compensation_id,
    'CN:' || guarantor_uscc as guarantor_id,
    'CN:' || guarantor_uscc || ':' || contract_no as contract_id,
    paid_on,
    amount,
    recovered_amount,
    period as report_period,
    cast(null as varchar) as caution,
    raw_record,
    {{ verdict(
        [
            delivery_fault(),
            uscc_rule('sender', 'sender_raw', 'guarantor_uscc'),
            missing_rule('代偿编号', 'event_no'),
            missing_rule('合同编号', 'contract_no'),
        ]
        + date_rules('代偿日期', 'paid_on')
        + [missing_rule('代偿日期', 'paid_on')]
        + unit_rules(money, 'money')
        + [missing_rule('代偿金额', 'amount')]
        + not_negative(money)
    ) }}
from typed
