{# Reading what Australian banks write into fields of text. #}

{# An amount in dollars: $10,000 and '1000.00' as well as 1000.00; NULL for anything else. #}
{% macro dollars(text) -%}
    try_cast({{ regex_replace(text, "[$,'' ]", '') }} as decimal(20, 2))
{%- endmacro %}

{# The amounts of one type of constraint. #}
{% macro constraint_amounts(constraints, type) -%}
    {{ list_each(list_keep(constraints, 'one', "one.constraintType = '" ~ type ~ "'"), 'one', dollars('one.additionalValue')) }}
{%- endmacro %}

{# The bounds of one kind (minimumValue, maximumValue) of the tiers that are stated in months; 0 is no bound. #}
{% macro months_of_tiers(tiers, bound) -%}
    {{ list_each(
        list_keep(json_list(tiers, ['unitOfMeasure', 'minimumValue', 'maximumValue']), 'tier', "tier.unitOfMeasure = 'MONTH'"),
        'tier', 'nullif(try_cast(try_cast(tier.' ~ bound ~ ' as decimal(18, 4)) as integer), 0)'
    ) }}
{%- endmacro %}
