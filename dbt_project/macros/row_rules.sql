{# The row rules of a review project, first broken rule first: `rule` names it, `reason` says column, expected and got.
   `columns` gives the source's own column names for title, status, accepted, updated and raise (where there is one).
   A removed row only says that the key is gone, so no rule applies to it. #}
{% macro row_rules(columns) -%}
    {%- set rules = [
        ('title_missing', 'title_raw is null', columns.title, 'a company name or project title', 'title_raw'),
        ('status_missing', 'raw_status is null', columns.status, 'a status code', 'raw_status'),
        ('date_unreadable', 'accepted_raw is not null and accepted_on is null', columns.accepted, 'a date', 'accepted_raw'),
        ('date_unreadable', 'updated_raw is not null and updated_on is null', columns.updated, 'a date', 'updated_raw'),
        ('date_out_of_range', date_out_of_range('accepted_on'), columns.accepted, 'a date from 1978 to the day after the night', 'accepted_raw'),
        ('date_out_of_range', date_out_of_range('updated_on'), columns.updated, 'a date from 1978 to the day after the night', 'updated_raw'),
        ('dates_reversed', 'accepted_on > updated_on', columns.updated, 'a date not before ' ~ columns.accepted, 'updated_raw'),
    ] -%}
    {%- if columns.raise -%}
        {%- do rules.append(
            ('amount_unreadable', 'plan_raise_raw is not null and coalesce(plan_raise_cny, -1) < 0', columns.raise, 'an amount of money', 'plan_raise_raw')
        ) -%}
    {%- endif -%}
    {%- set told = [] -%}
    {%- for name, broken, column, expected, got in rules -%}
        {%- do told.append((name, broken, reason(column, expected, got))) -%}
    {%- endfor -%}
    {{ verdict(told) }}
{%- endmacro %}

{% macro date_out_of_range(column) -%}
    {{ column }} not between date '1978-01-01' and {{ days_after('run_date', 1) }}
{%- endmacro %}

{# "updateDate: expected a date, got 31.12.2026" #}
{% macro reason(column, expected, got) -%}
    '{{ column }}: expected {{ expected }}, got ' || coalesce({{ got }}, 'nothing')
{%- endmacro %}
