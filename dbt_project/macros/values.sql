{# From the words of a source to values. Raw text and unit stay beside every value in staging. #}

{# Text without blanks around it; NULL for nothing and for the null words of Chinese tables (standards: "encodings"). #}
{% macro text_or_null(text) -%}
    case
        when trim({{ text }}) in ('', '-', '--', '—', '无', '暂无', '/', 'NULL', 'None', '未透露') then null
        else trim({{ text }})
    end
{%- endmacro %}

{# An amount in a stated unit (元, 万元, 亿元) as CNY 元, DECIMAL(20,2). Thousands commas are read; anything else is NULL, an amount too large for money as well. #}
{% macro to_cny(text, unit) -%}
    try_cast(
        try_cast(replace({{ text }}, ',', '') as decimal(28, 10))
        * case {{ unit }} when '元' then 1 when '万元' then 10000 when '亿元' then 100000000 end
        as decimal(20, 2)
    )
{%- endmacro %}

{# A date in one of the three spellings of the exchanges:
   digits  20260707172714        (SSE)
   dashes  2026-07-13 00:00:00   (SZSE)
   ms      1783612800000         (BSE: milliseconds of a moment in UTC+8) #}
{% macro to_date(text, spelling) -%}
    {%- if spelling == 'digits' -%} {{ date_by_format(text, ['%Y%m%d%H%M%S', '%Y%m%d']) }}
    {%- elif spelling == 'dashes' -%} {{ date_by_format(text, ['%Y-%m-%d %H:%M:%S', '%Y-%m-%d']) }}
    {%- elif spelling == 'ms' -%} {{ china_day_of_ms(text) }}
    {%- else -%} {{ exceptions.raise_compiler_error("to_date: unknown spelling " ~ spelling) }}
    {%- endif -%}
{%- endmacro %}
