{# Amounts of money in words: "3000万人民币", "5,000 万元", "1.5亿", "壹仟万元整", "数千万人民币", "未透露美元".
   `unit` is the unit the table states (元, 千元, 万元, 百万元, 亿元, or NULL): it counts where the text is a number and nothing else.
   What is not an amount has no kind: the row rules then say so. #}

{# The amount, or the lower bound of a range (included), in units of its currency. #}
{% macro amount_low(text, unit='null') -%} {{ amount(text, unit) }}.low {%- endmacro %}

{# The amount, or the upper bound of a range (not included), in units of its currency. #}
{% macro amount_high(text, unit='null') -%} {{ amount(text, unit) }}.high {%- endmacro %}

{# ISO code of the currency: the one the text names, else that of the unit, else NULL: a bare 1.5亿 may be anything. #}
{% macro amount_currency(text, unit='null') -%} {{ amount(text, unit) }}.currency {%- endmacro %}

{# exact, range (a power of ten: 数千万 is from 1e7 to below 1e8) or undisclosed. #}
{% macro amount_kind(text) -%} {{ amount(text, 'null') }}.kind {%- endmacro %}

{# An exact amount in CNY; NULL for ranges, for other currencies and where the currency is not known. #}
{% macro amount_in_cny(text, unit='null') -%}
    {{ let('money', amount(text, unit), "case when money.kind = 'exact' and money.currency = 'CNY' then money.low end") }}
{%- endmacro %}

{# All of it at once, as a struct of low, high, currency and kind. #}
{% macro amount(text, unit='null') -%}
    {{ adapter.dispatch('amount')(text, unit) }}
{%- endmacro %}

{% macro default__amount(text, unit) -%}
    {%- set parts = regex_parts(
        'words', amount_pattern(), ['before', 'undisclosed', 'vague', 'level', 'number', 'scale', 'numerals', 'behind']
    ) -%}
    {%- set own_unit = "part.before || part.scale || part.behind <> '' or " ~ regex_found('part.numerals', '[万亿]') -%}
    {%- set value -%}
        try_cast(case
            when part.number <> '' then try_cast(part.number as decimal(38, 10)) * {{ scale('part.scale') }}
            when part.numerals <> '' then cast({{ chinese_number('part.numerals') }} as decimal(38, 10))
            when part.vague || part.level <> '' then cast({{ scale('part.vague || part.level') }} as decimal(38, 10))
        end * case when {{ own_unit }} or part.vague || part.level <> '' then 1 else coalesce({{ unit_in_yuan(unit) }}, 1) end as decimal(20, 2))
    {%- endset -%}
    {%- set said -%}
        struct_pack(
            low := low,
            high := try_cast(case when part.vague || part.level <> '' then low * 10 else low end as decimal(20, 2)),
            currency := case
                when part.before || part.behind <> '' then {{ currency_code('part.before || part.behind') }}
                when low is not null and {{ unit_in_yuan(unit) }} is not null then 'CNY'
            end,
            kind := case
                when part.undisclosed <> '' then 'undisclosed'
                when low is null then null
                when part.vague || part.level <> '' then 'range'
                else 'exact'
            end
        )
    {%- endset -%}
    {{ let('words', amount_words(text), let('part', parts, let('low', value, said))) }}
{%- endmacro %}

{# Half-width, no blanks and no commas, everyday numerals. #}
{% macro amount_words(text) -%}
    upper(translate(
        {{ regex_replace(text, '[\\pZ\\s,，]+', '') }},
        '０１２３４５６７８９．－〇两壹贰叁肆伍陆柒捌玖拾佰仟圆亿萬',
        '0123456789.-零二一二三四五六七八九十百千元亿万'
    ))
{%- endmacro %}

{# Currency before, amount, currency behind. #}
{% macro amount_pattern() -%}
    {%- set currency = '人民币|RMB|CNY|[¥￥]|美元|USD|US[$]|[$]|港元|港币|HKD|HK[$]|欧元|EUR|€|日元|JPY|英镑|GBP|澳元|AUD' -%}
    {%- set scale = '万亿|千亿|百亿|十亿|亿|千万|百万|十万|万|千|百' -%}
    ^({{ currency }})?(?:(未透露|未披露)|数({{ scale }})|({{ scale }})级|(-?[0-9]{1,15}(?:[.][0-9]+)?)({{ scale }})?|([零一二三四五六七八九十百千万亿]+))(元人民币|人民币元|元|{{ currency }})?[整正]?$
{%- endmacro %}

{% macro scale(word) -%}
    case {{ word }}
        when '' then 1 when '百' then 100 when '千' then 1000 when '万' then 10000 when '十万' then 100000 when '百万' then 1000000
        when '千万' then 10000000 when '亿' then 100000000 when '十亿' then 1000000000 when '百亿' then 10000000000
        when '千亿' then 100000000000 when '万亿' then 1000000000000
    end
{%- endmacro %}

{% macro unit_in_yuan(unit) -%}
    case {{ unit }} when '元' then 1 when '千元' then 1000 when '万元' then 10000 when '百万元' then 1000000 when '亿元' then 100000000 end
{%- endmacro %}

{# The currency an amount names before or behind the number; NULL if it names two that differ. #}
{% macro currency_code(words) -%}
    case
        when {{ words }} in (
            '元', '人民币', 'RMB', 'CNY', '¥', '￥', '元人民币', '人民币元', 'RMB元', 'CNY元', '¥元', '￥元', '¥人民币', '￥人民币'
        ) then 'CNY'
        when {{ words }} in ('美元', 'USD', 'US$', '$', 'USD美元', 'US$美元', '$美元') then 'USD'
        when {{ words }} in ('港元', '港币', 'HKD', 'HK$', 'HKD港元', 'HK$港元', 'HK$港币') then 'HKD'
        when {{ words }} in ('欧元', 'EUR', '€', '€欧元') then 'EUR'
        when {{ words }} in ('日元', 'JPY') then 'JPY'
        when {{ words }} in ('英镑', 'GBP') then 'GBP'
        when {{ words }} in ('澳元', 'AUD') then 'AUD'
    end
{%- endmacro %}
