{# Dates as people write them. What cannot be read is NULL, and the row rules then say so. #}

{# The day of an Excel serial number (1900 system): 45000 is 2023-03-15. A fraction is the time of day and falls away.
   Below 61 Excel counts a 29 February 1900 that never was; above 2958465 it has no dates. #}
{% macro excel_serial_date(text) -%}
    {%- set serial = "try_cast(" ~ regex_part(text, '^([0-9]{2,7})([.][0-9]+)?$') ~ " as integer)" -%}
    case when {{ serial }} between 61 and 2958465 then {{ days_after("date '1899-12-30'", serial) }} end
{%- endmacro %}

{# A day written as 2025-06-20, 2025/6/20, 2025.06.20, 20250620, 2025年6月20日, with or without a time of day; the first day of a
   month (2015-06, 2015年6月) or a year (2015, 2015年); 9999-12-31 for 长期 and the like. date_precision tells which it was. #}
{% macro date_in_words(text) -%}
    case
        when {{ without_end(text) }} then date '9999-12-31'
        else {{ date_by_format(plain_date(text), ['%Y-%m-%d', '%Y-%m', '%Y']) }}
    end
{%- endmacro %}

{# day, month, year or unlimited: how much of a date date_in_words could read. #}
{% macro date_precision(text) -%}
    case
        when {{ without_end(text) }} then 'unlimited'
        when {{ date_in_words(text) }} is null then null
        when {{ plain_date(text) }} like '%-%-%' then 'day'
        when {{ plain_date(text) }} like '%-%' then 'month'
        else 'year'
    end
{%- endmacro %}

{% macro without_end(text) -%}
    {{ regex_found(text, '^\\s*(长期|永久|长期有效|永久有效|无固定期限)\\s*$') }}
{%- endmacro %}

{# Year, month and day with dashes; empty text for what is no date. #}
{% macro plain_date(text) -%}
    {%- set day = regex_part(text, '^\\s*(\\d{4}([-/.]\\d{1,2}([-/.]\\d{1,2})?)?|\\d{4}年(\\d{1,2}月(\\d{1,2}日)?)?|\\d{8})([ T]\\d{1,2}:.*)?\\s*$') -%}
    {%- set dashed = regex_replace(regex_replace(day, '[年月日/.]', '-'), '-$', '') -%}
    {{ regex_replace(dashed, '^(\\d{4})(\\d{2})(\\d{2})$', '\\1-\\2-\\3') }}
{%- endmacro %}
