-- Licensed guarantee institutions as the provincial lists have them, one row a version of what a list says of one, typed.
-- The sender is the reporting unit, the period the date of its list. A list without a column for the status lists those in business.
{% set money = {'注册资本': 'registered_capital_cny', '实缴资本': 'paid_in_capital_cny'} -%}

with source as (
    select * from {{ source('raw', 'guarantee_lists__institution') }}
),

head_units as (
    {{ head_units() }}
),

coded as (
    select
        source.*,
        head_units.*,
        {{ stated_code('source.统一社会信用代码') }} as uscc_raw
    from source
    cross join head_units
),

typed as (
    select
        coded.*,
        {{ record_columns('guarantee_lists', 'institution', ['sender', 'period', '统一社会信用代码']) }},
        {{ uscc_repaired('uscc_raw') }} as uscc,
        {{ stated_name('机构名称') }} as legal_name,
        {{ stated_code('经营许可证编号') }} as licence_no,
        {{ date_in_words('发证日期') }} as licence_from,
        {{ date_in_words('有效期') }} as licence_to,
        sender as reporting_unit,
        {{ date_in_words('period') }} as list_as_of,
        {{ stated_code('行政区划代码') }} as region6,
        {{ text_or_null('机构性质') }} as ownership,
        {{ text_or_null('业务类型') }} as kind,
        {{ in_cny('注册资本') }} as registered_capital_cny,
        {{ in_cny('实缴资本') }} as paid_in_capital_cny,
        {{ stated_code('监管评级') }} as reg_rating,
        coalesce({{ text_or_null('状态') }}, '在业') as status,
        {{ json_record([
            'sender', 'period', '机构名称', '统一社会信用代码', '经营许可证编号', '注册资本', '注册资本_unit', '实缴资本', '实缴资本_unit', '机构性质',
            '业务类型', '注册地', '行政区划代码', '发证日期', '有效期', '监管评级', '状态', 'fault',
        ]) }} as raw_record
    from coded
)

select
    {{ record_names() }},
    'CN:' || uscc as guarantor_id,
    uscc,
    legal_name,
    licence_no,
    licence_from,
    licence_to,
    reporting_unit,
    list_as_of,
    region6,
    ownership,
    kind,
    registered_capital_cny,
    paid_in_capital_cny,
    reg_rating,
    status,
    {{ mended('uscc_raw', 'uscc') }} as caution,
    raw_record,
    {{ verdict(
        [
            delivery_fault(),
            uscc_rule('统一社会信用代码', 'uscc_raw', 'uscc'),
            missing_rule('机构名称', 'legal_name'),
            missing_rule('经营许可证编号', 'licence_no'),
        ]
        + date_rules('发证日期', 'licence_from')
        + end_date_rules('有效期', 'licence_to')
        + [('dates_reversed', 'licence_from > licence_to', reason('有效期', 'a day not before 发证日期', '有效期'))]
        + unit_rules(money, 'money')
        + not_negative(money)
        + [
            word_rule('机构性质', 'ownership', ['政府性', '国有', '民营', '混合']),
            word_rule('业务类型', 'kind', ['直保', '再担保', '农担']),
            word_rule('监管评级', 'reg_rating', ['A', 'B', 'C', 'D', 'E']),
            word_rule('状态', 'status', ['在业', '注销', '吊销']),
        ]
    ) }}
from typed
