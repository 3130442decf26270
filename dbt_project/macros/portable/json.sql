{# Reading and writing JSON text; what is not JSON reads as NULL. #}

{% macro json_text(json, key) -%}
    {{ adapter.dispatch('json_text')(json, key) }}
{%- endmacro %}

{% macro default__json_text(json, key) -%}
    case when json_valid({{ json }}) then json_extract_string({{ json }}, '$.{{ key }}') end
{%- endmacro %}

{# Columns under their own names as one JSON object. #}
{% macro json_record(columns) -%}
    {{ adapter.dispatch('json_record')(columns) }}
{%- endmacro %}

{% macro default__json_record(columns) -%}
    cast(to_json(struct_pack(
        {%- for column in columns %}{{ column }} := {{ column }}{{ ', ' if not loop.last }}{% endfor -%}
    )) as varchar)
{%- endmacro %}

{# A JSON list of objects as a list of structs holding only the named keys, all text. What is not named (persons) is not read. #}
{% macro json_list(json, keys) -%}
    {{ adapter.dispatch('json_list')(json, keys) }}
{%- endmacro %}

{% macro default__json_list(json, keys) -%}
    case when json_valid({{ json }}) then json_transform({{ json }}, '[{
        {%- for key in keys %}"{{ key }}": "VARCHAR"{{ ', ' if not loop.last }}{% endfor -%}
    }]') end
{%- endmacro %}
