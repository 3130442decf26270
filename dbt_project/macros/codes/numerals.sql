{# Numbers in Chinese numerals, everyday ones (amount_words turns the ones of cheques into them). #}

{# A whole number: 一亿二千万, 三百零五, 十二万; NULL for any other text, and for the short forms 五万三 and 三百五, which leave a unit out. #}
{% macro chinese_number(text) -%}
    {%- set digit = '[一二三四五六七八九]' -%}
    {%- set section = '(?:' ~ digit ~ '千)?零?(?:' ~ digit ~ '百)?零?(?:' ~ digit ~ '?十)?零?' ~ digit ~ '?' -%}
    case
        when {{ regex_found(text, '[零一二三四五六七八九十]') }}
            and {{ regex_found(text, '^(?:' ~ section ~ '亿)?(?:' ~ section ~ '万)?' ~ section ~ '$') }}
            and not {{ regex_found(text, '[百千万亿]' ~ digit ~ '(?:[万亿]|$)') }}
            then cast({{ below_wan(regex_part(text, '^(.*)亿')) }} as bigint) * 100000000
            + {{ below_wan(regex_part(text, '([^亿]*)万')) }} * 10000
            + {{ below_wan(regex_part(text, '([^亿万]*)$')) }}
    end
{%- endmacro %}

{# A number below 10,000; 0 for empty text. #}
{% macro below_wan(text) -%}
    {%- set digit = '([一二三四五六七八九])' -%}
    {%- set digits = '零一二三四五六七八九' -%}
    ({{ place_in(digits, regex_part(text, digit ~ '千')) }} * 1000
    + {{ place_in(digits, regex_part(text, digit ~ '百')) }} * 100
    + case when {{ text }} like '%十%' then greatest({{ place_in(digits, regex_part(text, digit ~ '十')) }}, 1) else 0 end * 10
    + {{ place_in(digits, regex_part(text, digit ~ '$')) }})
{%- endmacro %}
