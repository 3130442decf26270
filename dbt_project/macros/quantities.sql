{# Rules for what sources state in numbers. `raw` is the text, `value` what was read of it. #}

{# Something is stated and cannot be read. #}
{% macro unreadable(raw, value) -%}
    ({{ raw }} is not null and {{ value }} is null)
{%- endmacro %}

{# A whole number; NULL for anything else, so that 12.5 months are not taken for 13. #}
{% macro whole_number(text) -%}
    case when {{ regex_found(text, '^-?[0-9]+([.]0+)?$') }} then try_cast(try_cast({{ text }} as decimal(28, 10)) as integer) end
{%- endmacro %}

{# Something is stated as true or false; what is neither is NULL. #}
{% macro yes_or_no(text) -%}
    case lower(trim({{ text }})) when 'true' then true when '是' then true when 'false' then false when '否' then false end
{%- endmacro %}

{# A stated end: a day up to 2099, or 9999-12-31 for no end. #}
{% macro end_out_of_range(column) -%}
    ({{ column }} not between date '1978-01-01' and date '2099-12-31' and {{ column }} <> date '9999-12-31')
{%- endmacro %}

{# A day far off (2999-12-31, 9999-12-30) stands for no end. #}
{% macro no_end_far_off(date) -%}
    case when {{ date }} >= date '2900-01-01' then date '9999-12-31' else {{ date }} end
{%- endmacro %}
