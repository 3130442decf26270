{# Who may see a row: public, partner or internal. Each resource of a source declares it in models/staging/raw.yml. #}

{# The declared visibility of rows by (source, resource), as SQL; internal where nothing is declared. #}
{% macro declared_visibility(source, resource) -%}
    case concat_ws('__', {{ source }}, {{ resource }})
        {%- if execute and graph %}
        {%- for declared in graph.sources.values() | sort(attribute='name') if declared.config.meta.visibility in ('public', 'partner') %}
        when '{{ declared.name }}' then '{{ declared.config.meta.visibility }}'
        {%- endfor %}
        {%- endif %}
        else 'internal'
    end
{%- endmacro %}

{# The order of visibilities, 1 for the least restricted. #}
{% macro visibility_rank(visibility) -%}
    case {{ visibility }} when 'public' then 1 when 'partner' then 2 else 3 end
{%- endmacro %}
