{# Reading dates out of text; what cannot be read is NULL, and the row rules then say so. #}

{% macro date_by_format(text, formats) -%}
    {{ adapter.dispatch('date_by_format')(text, formats) }}
{%- endmacro %}

{% macro default__date_by_format(text, formats) -%}
    cast(try_strptime({{ text }}, {{ formats }}) as date)
{%- endmacro %}

{# The day in China (UTC+8, no summer time since 1991) of milliseconds since 1970 UTC. #}
{% macro china_day_of_ms(text) -%}
    {{ adapter.dispatch('china_day_of_ms')(text) }}
{%- endmacro %}

{% macro default__china_day_of_ms(text) -%}
    cast(epoch_ms(try_cast({{ text }} as bigint) + 8 * 3600 * 1000) as date)
{%- endmacro %}
