{# What the groups of a pattern matched; empty text where the pattern is not found, or the group not needed. #}

{# One group, by number; 0 is the whole match. #}
{% macro regex_part(text, pattern, group=1) -%}
    {{ adapter.dispatch('regex_part')(text, pattern, group) }}
{%- endmacro %}

{% macro default__regex_part(text, pattern, group) -%}
    regexp_extract({{ text }}, '{{ pattern }}', {{ group }})
{%- endmacro %}

{# All groups as a struct, under names in their order. #}
{% macro regex_parts(text, pattern, names) -%}
    {{ adapter.dispatch('regex_parts')(text, pattern, names) }}
{%- endmacro %}

{% macro default__regex_parts(text, pattern, names) -%}
    regexp_extract({{ text }}, '{{ pattern }}', {{ names }})
{%- endmacro %}
