-- Of which organizations the records of all entities speak, and when. Identity reads this.
{{ config(materialized='view', tags=['identity_input']) }}

{% for entity in var('entities') if entity.mentions %}
{{ 'union all' if not loop.first }}
select * from {{ ref('int_' ~ entity.name ~ '__mentions') }}
{% endfor %}
