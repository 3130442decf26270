{# Cheap nights. A model whose rows depend on the whole story of a key is computed again for the keys of tonight only: their rows
   are deleted first (forget_affected), then everything known of them is read (only_affected). In a full build both say nothing.
   So an incremental night ends in the same rows as a full build, at the cost of what changed. #}

{% macro forget_affected(affected, key) -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where {{ only_affected(affected, key) }}
    {%- endif -%}
{%- endmacro %}

{% macro only_affected(affected, key) -%}
    {%- if is_incremental() -%}
        ({{ key | join(', ') }}) in (select {{ key | join(', ') }} from {{ affected }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{# Versions that are about to be appended may be there from a build that was interrupted: they go first. #}
{% macro forget_versions(versions) -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where {{ only_affected(versions, ['src_family', 'resource', 'src_record_id', 'run_date']) }}
    {%- endif -%}
{%- endmacro %}

{# The records of tonight are computed again in a quarantine table. #}
{% macro forget_records(versions) -%}
    {{ forget_affected(versions, ['src_family', 'resource', 'src_record_id']) }}
{%- endmacro %}
