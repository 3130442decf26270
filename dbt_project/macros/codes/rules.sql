{# Rules that live in reference tables. The tables' columns are renamed inside, so that no column of the caller is taken for one of them. #}

{# Size of a company by 工信部联企业〔2011〕300号: 大型, 中型, 小型, 微型, or 未知 where a figure the industry asks for, or the industry, is not known.
   `industry_kind` as in reference.size_threshold; revenue and assets in 万元; `on`: a day, today's rules if left out. #}
{% macro size_class(industry_kind, employees, revenue_wan, assets_wan, on=none) -%}
    {%- set figures = {'employees_%s': employees, 'revenue_%s_wan': revenue_wan, 'assets_%s_wan': assets_wan} -%}
    coalesce((
        select
            case
                when {% for column, figure in figures.items() -%}
                    (size_{{ column % 'large' }} is not null and {{ figure }} is null){{ ' or ' if not loop.last }}
                {%- endfor %} then '未知'
                {%- for class, label in [('large', '大型'), ('medium', '中型'), ('small', '小型')] %}
                when {% for column, figure in figures.items() -%}
                    (size_{{ column % class }} is null or {{ figure }} >= size_{{ column % class }}){{ ' and ' if not loop.last }}
                {%- endfor %} then '{{ label }}'
                {%- endfor %}
                else '微型'
            end
        from (
            select
                industry_kind as size_industry_kind,
                {%- for column in figures %}{% for class in ['large', 'medium', 'small'] %}
                {{ column % class }} as size_{{ column % class }},
                {%- endfor %}{% endfor %}
                valid_from as size_valid_from,
                valid_to as size_valid_to
            from {{ ref('size_threshold') }}
        ) as size_rules
        where size_industry_kind = {{ industry_kind }} and {{ in_force('size_valid_from', 'size_valid_to', on) }}
    ), '未知')
{%- endmacro %}

{# The value of a guarantee rule on a day: the province's own if it has one, else the national one; NULL if there was none.
   `province2`: the first two digits of a region. `rules`: another table of the same columns, for tests. #}
{% macro guarantee_rule(rule, province2, on, rules=none) -%}
    (
        select coalesce(
            max(case when rule_area = {{ province2 }} then rule_value end), max(case when rule_area = 'CN' then rule_value end)
        )
        from (
            select rule as rule_name, area as rule_area, value as rule_value, valid_from as rule_valid_from, valid_to as rule_valid_to
            from {{ rules or ref('guarantee_rule') }}
        ) as guarantee_rules
        where rule_name = {{ rule }} and {{ in_force('rule_valid_from', 'rule_valid_to', on) }}
    )
{%- endmacro %}

{% macro in_force(valid_from, valid_to, on) -%}
    {%- if on is none -%} {{ valid_to }} is null
    {%- else -%} ({{ valid_from }} <= {{ on }} and ({{ valid_to }} is null or {{ on }} < {{ valid_to }}))
    {%- endif -%}
{%- endmacro %}

{# The unit by which a region reports: four digits of a city that reports beside its province, else two of the province. #}
{% macro reporting_unit(region_code) -%}
    case
        when {{ region_code }} is null then null
        when substr({{ region_code }}, 1, 4) in (select reporting_unit from {{ ref('reporting_unit') }}) then substr({{ region_code }}, 1, 4)
        else substr({{ region_code }}, 1, 2)
    end
{%- endmacro %}
