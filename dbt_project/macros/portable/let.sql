{# An expression in which a name stands for a value, so that the value is written and computed once. #}
{% macro let(name, value, expression) -%}
    {{ adapter.dispatch('let')(name, value, expression) }}
{%- endmacro %}

{% macro default__let(name, value, expression) -%}
    (list_transform([{{ value }}], lambda {{ name }}: {{ expression }})[1])
{%- endmacro %}
