{# The columns of a published table: what the row says, then where it comes from, in the same order everywhere.
   `as_of` is the night its record version was first seen; `dq_status` is SQL. #}
{% macro with_provenance(columns, dq_status) -%}
    {{ columns | join(',\n    ') }},
    src_family,
    src_record_id,
    src_url,
    file_sha256,
    fetched_at,
    run_date as as_of,
    {{ row_hash(columns) }} as row_hash,
    {{ dq_status }} as dq_status
{%- endmacro %}

{# md5 of what the row says, not of how it was fetched. Nothing differs from an empty text. #}
{% macro row_hash(columns) -%}
    md5(concat_ws(chr(31)
        {%- for column in columns %}, coalesce(cast({{ column }} as varchar), chr(30)){% endfor -%}
    ))
{%- endmacro %}

{# A decided registration of unknown outcome is published with a warning, never as effective. #}
{% macro outcome_known(status) -%}
    case when {{ status }} = 'registration_decided' then 'warn' else 'pass' end
{%- endmacro %}
