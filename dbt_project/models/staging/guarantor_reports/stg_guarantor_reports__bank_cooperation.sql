-- Credit lines of banks for guarantors, one row a version of what a quarter's file says of a bank, typed.
{% set money = {'授信额度': 'credit_line_cny', '已用额度': 'used_cny'} -%}

with source as (
    select * from {{ source('raw', 'guarantor_reports__bank_cooperation') }}
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
        {{ record_columns('guarantor_reports', 'bank_cooperation', ['sender', 'period', '银行机构编码']) }},
        {{ uscc_repaired('sender_raw') }} as guarantor_uscc,
        {{ stated_code('银行机构编码') }} as nfra_code,
        {{ stated_name('银行名称') }} as bank_name,
        {{ in_cny('授信额度') }} as credit_line_cny,
        {{ in_cny('已用额度') }} as used_cny,
        {{ as_fraction('银行分担比例') }} as bank_share_ratio,
        {{ date_in_words('有效期至') }} as valid_to,
        {{ json_record([
            'sender', 'period', '银行机构编码', '银行名称', '授信额度', '授信额度_unit', '已用额度', '已用额度_unit', '银行分担比例', '银行分担比例_unit',
            '有效期至', 'fault',
        ]) }} as raw_record
    from coded
)

select
    {{ record_names() }},
    'CN:' || guarantor_uscc as guarantor_id,
    'CN:' || nfra_code as institution_id,
    period,
    nfra_code,
    bank_name,
    credit_line_cny,
    used_cny,
    bank_share_ratio,
    valid_to,
    cast(null as varchar) as caution,
    raw_record,
    {{ verdict(
        [
            delivery_fault(),
            uscc_rule('sender', 'sender_raw', 'guarantor_uscc'),
            missing_rule('银行机构编码', 'nfra_code'),
            missing_rule('银行名称', 'bank_name'),
        ]
        + unit_rules(money, 'money')
        + [missing_rule('授信额度', 'credit_line_cny')]
        + not_negative(money)
        + unit_rules({'银行分担比例': 'bank_share_ratio'}, 'ratio')
        + [('share_out_of_range', 'bank_share_ratio not between 0 and 1', reason('银行分担比例', 'a share from 0 to 1', '银行分担比例'))]
        + end_date_rules('有效期至', 'valid_to')
    ) }}
from typed
