{# A date so many days after another. #}
{% macro days_after(date, days) -%}
    {{ adapter.dispatch('days_after')(date, days) }}
{%- endmacro %}

{% macro default__days_after(date, days) -%}
    {{ date }} + {{ days }}
{%- endmacro %}
