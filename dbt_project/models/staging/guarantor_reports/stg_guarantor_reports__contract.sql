-- Guarantee contracts as the guarantors' monthly files have them, one row a version of what a month says of a contract, typed.
-- The guarantor is the sender. A client that is a natural person is not named, neither here nor in the kept record.
{% set money = {'担保金额': 'principal_amount', '在保余额': 'balance_amount'} -%}
{% set shares = {
    '担保机构分担比例': 'share_guarantor_ratio', '银行分担比例': 'share_bank_ratio', '再担保分担比例': 'share_reguarantee_ratio',
} -%}

with source as (
    select * from {{ source('raw', 'guarantor_reports__contract') }}
),

head_units as (
    {{ head_units() }}
),

coded as (
    select
        source.*,
        head_units.*,
        {{ stated_code('source.sender') }} as sender_raw,
        {{ stated_code('source.被担保人统一社会信用代码') }} as any_code,
        {{ stated_name('source.被担保人') }} as any_name
    from source
    cross join head_units
),

known as (
    select
        *,
        coalesce({{ is_person('any_name', 'any_code') }}, false) as is_client_person
    from coded
),

masked as (
    select
        * exclude (被担保人, 被担保人统一社会信用代码, any_code, any_name),
        case when is_client_person then '[natural person]' else 被担保人 end as 被担保人,
        case when not is_client_person then 被担保人统一社会信用代码 end as 被担保人统一社会信用代码,
        case when not is_client_person then any_name end as client_name,
        case when not is_client_person then any_code end as client_raw
    from known
),

typed as (
    select
        masked.*,
        {{ record_columns('guarantor_reports', 'contract', ['sender', 'period', '合同编号']) }},
        {{ uscc_repaired('sender_raw') }} as guarantor_uscc,
        {{ uscc_repaired('client_raw') }} as client_uscc,
        {{ stated_code('合同编号') }} as contract_no,
        {{ text_or_null('客户集团') }} as client_group,
        {{ stated_name('债权人') }} as creditor_name,
        {{ stated_code('债权人机构编码') }} as creditor_nfra_code,
        {{ text_or_null('业务品种') }} as kind,
        {{ in_cny('担保金额') }} as principal_amount,
        {{ in_cny('在保余额') }} as balance_amount,
        {{ as_fraction('担保机构分担比例') }} as share_guarantor_ratio,
        {{ as_fraction('银行分担比例') }} as share_bank_ratio,
        {{ as_fraction('再担保分担比例') }} as share_reguarantee_ratio,
        {{ date_in_words('起始日') }} as started_on,
        {{ date_in_words('到期日') }} as ends_on,
        {{ as_fraction('风险权重') }} as risk_weight_ratio,
        {{ text_or_null('反担保方式') }} as counter_guarantee,
        {{ stated_code('国民经济行业') }} as industry,
        {{ text_or_null('状态') }} as status,
        {{ json_record([
            'sender', 'period', '合同编号', '被担保人', '被担保人统一社会信用代码', '客户集团', '债权人', '债权人机构编码', '业务品种', '担保金额',
            '担保金额_unit', '在保余额', '在保余额_unit', '担保机构分担比例', '担保机构分担比例_unit', '银行分担比例', '银行分担比例_unit', '再担保分担比例',
            '再担保分担比例_unit', '起始日', '到期日', '风险权重', '风险权重_unit', '反担保方式', '国民经济行业', '状态', 'fault',
        ]) }} as raw_record
    from masked
)

select
    {{ record_names() }},
    'CN:' || guarantor_uscc || ':' || contract_no as contract_id,
    'CN:' || guarantor_uscc as guarantor_id,
    contract_no,
    client_uscc,
    client_name,
    client_group,
    creditor_name,
    creditor_nfra_code,
    kind,
    principal_amount,
    balance_amount,
    share_guarantor_ratio,
    share_bank_ratio,
    share_reguarantee_ratio,
    started_on,
    ends_on,
    risk_weight_ratio,
    counter_guarantee,
    industry,
    status,
    period as report_period,
    {{ mended('client_raw', 'client_uscc') }} as caution,
    raw_record,
    {{ verdict(
        [
            delivery_fault(),
            uscc_rule('sender', 'sender_raw', 'guarantor_uscc'),
            missing_rule('合同编号', 'contract_no'),
            uscc_rule('被担保人统一社会信用代码', 'client_raw', 'client_uscc'),
            ('value_missing', 'client_name is null and not is_client_person', reason('被担保人', 'a value', '被担保人')),
            missing_rule('债权人', 'creditor_name'),
            ('self_guarantee', 'client_uscc = guarantor_uscc', reason('被担保人统一社会信用代码', 'a client other than the guarantor', 'client_raw')),
        ]
        + unit_rules(money, 'money')
        + unit_rules(shares, 'ratio')
        + unit_rules({'风险权重': 'risk_weight_ratio'}, 'ratio')
        + [missing_rule('担保金额', 'principal_amount'), missing_rule('在保余额', 'balance_amount')]
        + not_negative(money)
        + not_negative(shares)
        + [
            (
                'shares_not_one',
                'abs(coalesce(share_guarantor_ratio, 0) + coalesce(share_bank_ratio, 0) + coalesce(share_reguarantee_ratio, 0) - 1) > 0.001'
                ~ ' and coalesce(share_guarantor_ratio, share_bank_ratio, share_reguarantee_ratio) is not null',
                reason(
                    '担保机构分担比例, 银行分担比例, 再担保分担比例', 'shares that sum to 1',
                    "concat_ws(' + ', share_guarantor_ratio, share_bank_ratio, share_reguarantee_ratio)"
                ),
            ),
            ('weight_unknown', 'risk_weight_ratio not in (0.75, 0.80, 1.00)', reason('风险权重', '75 %, 80 % or 100 %', '风险权重')),
        ]
        + date_rules('起始日', 'started_on')
        + end_date_rules('到期日', 'ends_on')
        + [
            missing_rule('起始日', 'started_on'),
            missing_rule('到期日', 'ends_on'),
            ('dates_reversed', 'started_on > ends_on', reason('到期日', 'a day not before 起始日', '到期日')),
            missing_rule('业务品种', 'kind'),
            word_rule('业务品种', 'kind', ['借款', '债券', '其他融资', '非融资']),
            missing_rule('状态', 'status'),
            word_rule('状态', 'status', ['在保', '解除', '代偿', '核销']),
        ]
    ) }}
from typed
