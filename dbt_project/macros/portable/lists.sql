{# Lists of values inside a row. In `keep` and `each` the element goes by the name given. #}

{# The elements for which a condition holds. #}
{% macro list_keep(list, name, condition) -%}
    {{ adapter.dispatch('list_keep')(list, name, condition) }}
{%- endmacro %}

{% macro default__list_keep(list, name, condition) -%}
    list_filter({{ list }}, lambda {{ name }}: {{ condition }})
{%- endmacro %}

{# What an expression makes of each element. #}
{% macro list_each(list, name, expression) -%}
    {{ adapter.dispatch('list_each')(list, name, expression) }}
{%- endmacro %}

{% macro default__list_each(list, name, expression) -%}
    list_transform({{ list }}, lambda {{ name }}: {{ expression }})
{%- endmacro %}

{# How many elements; 0 for no list. #}
{% macro list_size(list) -%}
    {{ adapter.dispatch('list_size')(list) }}
{%- endmacro %}

{% macro default__list_size(list) -%}
    coalesce(len({{ list }}), 0)
{%- endmacro %}

{# The smallest and the largest element; NULL where there is none. Elements that are NULL do not count. #}
{% macro list_lowest(list) -%}
    {{ adapter.dispatch('list_lowest')(list) }}
{%- endmacro %}

{% macro default__list_lowest(list) -%}
    list_min({{ list }})
{%- endmacro %}

{% macro list_highest(list) -%}
    {{ adapter.dispatch('list_highest')(list) }}
{%- endmacro %}

{% macro default__list_highest(list) -%}
    list_max({{ list }})
{%- endmacro %}

{# The elements of a list of numbers, added up. #}
{% macro list_total(list) -%}
    {{ adapter.dispatch('list_total')(list) }}
{%- endmacro %}

{% macro default__list_total(list) -%}
    list_sum({{ list }})
{%- endmacro %}

{# Every element once, in order. #}
{% macro list_once(list) -%}
    {{ adapter.dispatch('list_once')(list) }}
{%- endmacro %}

{% macro default__list_once(list) -%}
    list_sort(list_distinct({{ list }}))
{%- endmacro %}

{# One list out of a list of lists. #}
{% macro list_of_lists(list) -%}
    {{ adapter.dispatch('list_of_lists')(list) }}
{%- endmacro %}

{% macro default__list_of_lists(list) -%}
    flatten({{ list }})
{%- endmacro %}

{# The elements as one text; NULL where there is none. #}
{% macro list_text(list, between) -%}
    {{ adapter.dispatch('list_text')(list, between) }}
{%- endmacro %}

{% macro default__list_text(list, between) -%}
    nullif(array_to_string({{ list }}, '{{ between }}'), '')
{%- endmacro %}

{# A text cut at every match of a pattern. #}
{% macro text_split(text, pattern) -%}
    {{ adapter.dispatch('text_split')(text, pattern) }}
{%- endmacro %}

{% macro default__text_split(text, pattern) -%}
    regexp_split_to_array({{ text }}, '{{ pattern }}')
{%- endmacro %}

{# Every match of one group of a pattern. #}
{% macro regex_all(text, pattern, group=1) -%}
    {{ adapter.dispatch('regex_all')(text, pattern, group) }}
{%- endmacro %}

{% macro default__regex_all(text, pattern, group) -%}
    regexp_extract_all({{ text }}, '{{ pattern }}', {{ group }})
{%- endmacro %}

{# A relation of one row an element: the columns of another (of its rows for which `condition` holds), the element's own (`keys`, of a list
   of structs) and `seq`, its place from 1. #}
{% macro rows_of_list(relation, columns, list, keys, condition='true') -%}
    {{ adapter.dispatch('rows_of_list')(relation, columns, list, keys, condition) }}
{%- endmacro %}

{% macro default__rows_of_list(relation, columns, list, keys, condition) -%}
    (
        select {{ columns | join(', ') }}, seq, {% for key in keys %}element.{{ key }} as {{ key }}{{ ', ' if not loop.last }}{% endfor %}
        from (
            select {{ columns | join(', ') }}, unnest({{ list }}) as element, generate_subscripts({{ list }}, 1) as seq
            from {{ relation }}
            where {{ condition }}
        )
    )
{%- endmacro %}

{# A list of one value. #}
{% macro list_single(value) -%}
    {{ adapter.dispatch('list_single')(value) }}
{%- endmacro %}

{% macro default__list_single(value) -%}
    [{{ value }}]
{%- endmacro %}

{# Over a group: the distinct values of an expression, in order. #}
{% macro rows_as_list(value) -%}
    {{ adapter.dispatch('rows_as_list')(value) }}
{%- endmacro %}

{% macro default__rows_as_list(value) -%}
    list_sort(list(distinct {{ value }}) filter ({{ value }} is not null))
{%- endmacro %}
