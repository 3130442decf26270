{# Where a row comes from, in the order in which every table carries it. `as_of` is the night its record version was first seen. #}
{% macro provenance(relation, hashed, dq_status) -%}
    {{ relation }}.src_family,
    {{ relation }}.src_record_id,
    {{ relation }}.src_url,
    {{ relation }}.file_sha256,
    {{ relation }}.fetched_at,
    {{ relation }}.run_date as as_of,
    {{ row_hash(hashed) }} as row_hash,
    {{ dq_status }} as dq_status
{%- endmacro %}

{# md5 over business columns: what the row says, not how it was fetched. A NULL differs from an empty text. #}
{% macro row_hash(columns) -%}
    md5(concat_ws(chr(31)
        {%- for column in columns %}, coalesce(cast({{ column }} as varchar), chr(30)){% endfor -%}
    ))
{%- endmacro %}

{# A decided registration of unknown outcome is published with a warning, never as effective. #}
{% macro outcome_known(status) -%}
    case when {{ status }} = 'registration_decided' then 'warn' else 'pass' end
{%- endmacro %}
