{# The few text functions whose spelling differs between engines. The default is DuckDB's; another engine adds
   `<engine>__<name>` beside it and no model changes. #}

{% macro regex_replace(text, pattern, replacement) -%}
    {{ adapter.dispatch('regex_replace')(text, pattern, replacement) }}
{%- endmacro %}

{# Every match is replaced. #}
{% macro default__regex_replace(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro regex_found(text, pattern) -%}
    {{ adapter.dispatch('regex_found')(text, pattern) }}
{%- endmacro %}

{% macro default__regex_found(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}
