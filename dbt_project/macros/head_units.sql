{# Values whose unit stands in the head of the file, beside them in a column `<name>_unit`. The unit is looked up in reference.unit;
   one that is missing or not known there breaks the row, it is never guessed.
   A staging model has the row of head_units() beside every row of its source, converts with in_cny and as_fraction, and checks with unit_rules. #}

{# One row: the factors of the units of Chinese money, and of ratios. #}
{% macro head_units() -%}
    select
        {{ lookup_list('word', 'factor', "base = 'CNY'") }} as to_yuan,
        {{ lookup_list('word', 'factor', "base = 'fraction'") }} as to_fraction
    from {{ ref('unit') }}
{%- endmacro %}

{# Yuan. Up to 15 digits before the point and 8 behind are read. #}
{% macro in_cny(column) -%}
    try_cast(
        {{ plain_number(column) }} * cast({{ looked_up('to_yuan', column ~ '_unit') }} as decimal(13, 0)) as decimal(20, 2)
    )
{%- endmacro %}

{# A fraction of one: 40 under a head with (%) is 0.4. #}
{% macro as_fraction(column) -%}
    try_cast(
        {{ plain_number(column) }} * cast({{ looked_up('to_fraction', column ~ '_unit') }} as decimal(9, 8)) as decimal(9, 6)
    )
{%- endmacro %}

{# A number in digits of any width, with or without thousands commas; NULL for anything else. #}
{% macro plain_number(column) -%}
    try_cast(
        case when {{ regex_found(column, '^-?[0-9]+([.][0-9]+)?$') }} then {{ column }} else {{ amount_words(column) }} end
        as decimal(23, 8)
    )
{%- endmacro %}

{# The rules of such values, for verdict(): `columns` gives the typed column by the source's. #}
{% macro unit_rules(columns, kind) -%}
    {%- set rules = [] -%}
    {%- for column, typed in columns.items() -%}
        {%- set stated = text_or_null(column) ~ ' is not null and ' ~ typed ~ ' is null' -%}
        {%- do rules.append(
            ('amount_unreadable', stated ~ ' and ' ~ plain_number(column) ~ ' is null', reason(column, 'a number', column))
        ) -%}
        {%- do rules.append((
            'unit_unknown',
            stated,
            reason(column, 'a unit of ' ~ kind ~ ' in the head (reference.unit)', column ~ " || ' in ' || coalesce(" ~ column ~ "_unit, 'no unit')"),
        )) -%}
    {%- endfor -%}
    {{ return(rules) }}
{%- endmacro %}

{# The same amounts must not be below zero. #}
{% macro not_negative(columns) -%}
    {%- set rules = [] -%}
    {%- for column, typed in columns.items() -%}
        {%- do rules.append(('amount_negative', typed ~ ' < 0', reason(column, 'no amount below zero', column))) -%}
    {%- endfor -%}
    {{ return(rules) }}
{%- endmacro %}
