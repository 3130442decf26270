{# A date so many months after another; the last day of the month where the day is missing there. #}
{% macro months_after(date, months) -%}
    {{ adapter.dispatch('months_after')(date, months) }}
{%- endmacro %}

{% macro default__months_after(date, months) -%}
    cast({{ date }} + to_months({{ months }}) as date)
{%- endmacro %}
