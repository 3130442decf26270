-- Guarantors' quarterly figures, one row a version of what a guarantor says of a quarter, typed.
{% set money = {
    '净资产': 'net_assets_cny', '对其他担保机构股权投资': 'equity_in_guarantors_cny', '在保余额': 'balance_cny', '责任余额': 'weighted_liability_cny',
    '小微三农在保余额': 'micro_balance_cny', '本期解除额': 'released_period_cny', '本期代偿额': 'compensated_period_cny',
    '本期追偿额': 'recovered_period_cny', '一级资产': 'asset_i_cny', '二级资产': 'asset_ii_cny', '三级资产': 'asset_iii_cny', '资产总额': 'assets_cny',
    '最大单一客户在保余额': 'largest_client_cny', '最大关联客户在保余额': 'largest_group_cny',
} -%}
{% set roman_heads = {'Ⅰ级资产': '一级资产', 'Ⅱ级资产': '二级资产', 'Ⅲ级资产': '三级资产'} -%}
{% set counts = {'小微三农在保户数': 'micro_clients', '在保户数': 'clients'} -%}
{% set flows = dict(money) -%}
{% do flows.pop('净资产') -%}
{% set kept = ['sender', 'period', '统一社会信用代码'] -%}
{% for column in money -%}{%- do kept.extend([column, column ~ '_unit']) -%}{%- endfor -%}

with source as (
    select * from {{ source('raw', 'guarantor_reports__quarter') }}
),

head_units as (
    {{ head_units() }}
),

coded as (
    select
        source.*,
        head_units.*,
        {%- for roman, plain in roman_heads.items() %}
        source."{{ roman }}" as {{ plain }},
        source."{{ roman }}_unit" as {{ plain }}_unit,
        {%- endfor %}
        {{ stated_code('source.统一社会信用代码') }} as uscc_raw,
        {{ stated_code('source.sender') }} as sender_raw
    from source
    cross join head_units
),

typed as (
    select
        coded.*,
        {{ record_columns('guarantor_reports', 'quarter', ['sender', 'period', '统一社会信用代码']) }},
        {{ uscc_repaired('uscc_raw') }} as uscc,
        {{ uscc_repaired('sender_raw') }} as guarantor_uscc,
        {%- for column, typed in money.items() %}
        {{ in_cny(column) }} as {{ typed }},
        {%- endfor %}
        {%- for column, typed in counts.items() %}
        try_cast({{ plain_number(column) }} as bigint) as {{ typed }},
        {%- endfor %}
        {{ as_fraction('平均担保费率') }} as fee_ratio_avg,
        {{ json_record(kept + ['小微三农在保户数', '在保户数', '平均担保费率', '平均担保费率_unit', 'fault']) }} as raw_record
    from coded
)

select
    {{ record_names() }},
    'CN:' || guarantor_uscc as guarantor_id,
    period,
    {%- for typed in money.values() %}
    {{ typed }},
    {%- endfor %}
    micro_clients,
    clients,
    fee_ratio_avg,
    {{ mended('uscc_raw', 'uscc') }} as caution,
    raw_record,
    {{ verdict(
        [
            delivery_fault(),
            uscc_rule('统一社会信用代码', 'uscc_raw', 'uscc'),
            uscc_rule('sender', 'sender_raw', 'guarantor_uscc'),
            (
                'sender_differs', 'uscc <> guarantor_uscc',
                reason('统一社会信用代码', 'the guarantor that the file is named after', '统一社会信用代码'),
            ),
        ]
        + unit_rules(money, 'money')
        + unit_rules({'平均担保费率': 'fee_ratio_avg'}, 'ratio')
        + [
            ('amount_unreadable', '小微三农在保户数 is not null and micro_clients is null', reason('小微三农在保户数', 'a number', '小微三农在保户数')),
            ('amount_unreadable', '在保户数 is not null and clients is null', reason('在保户数', 'a number', '在保户数')),
            missing_rule('净资产', 'net_assets_cny'),
            missing_rule('在保余额', 'balance_cny'),
            missing_rule('责任余额', 'weighted_liability_cny'),
            ('net_assets_not_positive', 'net_assets_cny <= 0', reason('净资产', 'more than zero', '净资产')),
        ]
        + not_negative(flows)
    ) }}
from typed
