{# The mentions of the affected organizations, each with its organization. #}
{% macro organization_mentions() -%}
    select
        mentions.*,
        affected.organization_id
    from {{ ref('int_organization__mentions') }} as mentions
    inner join {{ ref('int_organization__affected') }} as affected
        on mentions.name_key = affected.name_key
{%- endmacro %}

{# One row a key out of rows with valid_from and valid_to: the first of them, ending where the last one ends. #}
{% macro first_and_last(relation, key) -%}
    select
        * exclude (valid_to),
        case
            when bool_and(valid_to is not null) over same_key then max(valid_to) over same_key
        end as valid_to
    from {{ relation }}
    window same_key as (partition by {{ key | join(', ') }})
    qualify row_number() over (partition by {{ key | join(', ') }} order by valid_from, exchange, project_id) = 1
{%- endmacro %}
