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

{# A JSON list of texts or numbers as a list of texts; NULL for what is no list. #}
{% macro json_texts(json) -%}
    {{ adapter.dispatch('json_texts')(json) }}
{%- endmacro %}

{% macro default__json_texts(json) -%}
    case when json_valid({{ json }}) then json_transform({{ json }}, '["VARCHAR"]') end
{%- endmacro %}

{# A list of structs as JSON text. `fields`: name and SQL of each, over an element called `name`. #}
{% macro list_as_json(list, name, fields) -%}
    {{ adapter.dispatch('list_as_json')(list, name, fields) }}
{%- endmacro %}

{% macro default__list_as_json(list, name, fields) -%}
    cast(to_json(list_transform({{ list }}, lambda {{ name }}: struct_pack(
        {%- for key, value in fields.items() %}{{ key }} := {{ value }}{{ ', ' if not loop.last }}{% endfor -%}
    ))) as varchar)
{%- endmacro %}

{# Over a group: its rows as a JSON list of objects. `fields`: name and SQL of each; `place`: what the rows are put in order by. #}
{% macro rows_as_json(fields, place) -%}
    {{ adapter.dispatch('rows_as_json')(fields, place) }}
{%- endmacro %}

{% macro default__rows_as_json(fields, place) -%}
    cast(to_json(list(struct_pack(
        {%- for key, value in fields.items() %}{{ key }} := {{ value }}{{ ', ' if not loop.last }}{% endfor -%}
    ) order by {{ place }})) as varchar)
{%- endmacro %}
