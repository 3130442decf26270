{# The last day of a quarter written as 2026Q2; NULL for NULL. #}
{% macro quarter_end(quarter) -%}
    cast(
        substr({{ quarter }}, 1, 4)
        || case right({{ quarter }}, 1) when '1' then '-03-31' when '2' then '-06-30' when '3' then '-09-30' when '4' then '-12-31' end
        as date
    )
{%- endmacro %}
