{% macro mention_key(uscc, name_key, jurisdiction="'CN'", place='null') -%}
    case
        when {{ uscc }} is not null then 'USCC:' || {{ uscc }}
        when {{ jurisdiction }} = 'CN' then 'NAME:' || {{ name_key }}
        else 'NAME:' || {{ jurisdiction }} || ':' || {{ name_key }} || coalesce('|' || {{ place }}, '')
    end
{%- endmacro %}
