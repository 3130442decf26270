{# A small code list as one value, so that many columns are looked up in it without a join each. #}

{# The list: an aggregate over those rows of a code list for which `where` is true. #}
{% macro lookup_list(key, value, where='true') -%}
    {{ adapter.dispatch('lookup_list')(key, value, where) }}
{%- endmacro %}

{% macro default__lookup_list(key, value, where) -%}
    map(
        list({{ key }} order by {{ key }}) filter (where {{ where }}),
        list({{ value }} order by {{ key }}) filter (where {{ where }})
    )
{%- endmacro %}

{# What stands under a key; NULL where nothing does. #}
{% macro looked_up(list, key) -%}
    {{ adapter.dispatch('looked_up')(list, key) }}
{%- endmacro %}

{% macro default__looked_up(list, key) -%}
    {{ list }}[{{ key }}]
{%- endmacro %}

{# A text, each of its words (one blank between two) replaced by what the list has for it. #}
{% macro words_looked_up(list, text) -%}
    {{ adapter.dispatch('words_looked_up')(list, text) }}
{%- endmacro %}

{% macro default__words_looked_up(list, text) -%}
    array_to_string(list_transform(string_split({{ text }}, ' '), lambda word: coalesce({{ list }}[word], word)), ' ')
{%- endmacro %}
