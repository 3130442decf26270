{# What every entity's models have in common: where a record version comes from, which rule it breaks, which version stands.
   A record is told apart by (src_family, resource, src_record_id); it has one version a night on which its source said something else. #}

{# Where a record version comes from, out of a raw view. `key`: the columns that tell the records of the resource apart. #}
{% macro record_columns(family, resource, key) -%}
    '{{ family }}' as src_family,
    '{{ resource }}' as resource,
    concat_ws(' ', {{ key | join(', ') }}) as src_record_id,
    _url as src_url,
    _payload as file_sha256,
    _fetched_at as fetched_at,
    _change as change,
    _run_date as run_date
{%- endmacro %}

{# The names of these columns, to carry them on. #}
{% macro record_names() -%}
    src_family, resource, src_record_id, src_url, file_sha256, fetched_at, change, run_date
{%- endmacro %}

{# The first broken rule and why, as the columns `rule` and `reason`. `rules`: (name, SQL that is true where it is broken, SQL of the reason),
   for the reason see the macro of that name. A removed row only says that the key is gone, so no rule applies to it. #}
{% macro verdict(rules) -%}
    case
        when change = 'removed' then null
        {%- for name, broken, why in rules %}
        when {{ broken }} then '{{ name }}'
        {%- endfor %}
    end as rule,
    case
        when change = 'removed' then null
        {%- for name, broken, why in rules %}
        when {{ broken }} then {{ why }}
        {%- endfor %}
    end as reason
{%- endmacro %}

{# The rule of every delivered record: what was wrong with the row is known since it was read. #}
{% macro delivery_fault() -%}
    {{ return(('delivery_fault', 'fault is not null', 'fault')) }}
{%- endmacro %}

{# One row a record that stands: its newest good version, with `is_newest_good`; none where the newest version says that it is gone.
   `key`: columns of the entity by which tonight's records (`affected`) are found again; they must not differ between versions of a record. #}
{% macro standing(accepted, affected, key) -%}
    select
        versions.*,
        newest.is_newest_good
    from {{ accepted }} as versions
    inner join (
        select
            src_family,
            resource,
            src_record_id,
            max(run_date) filter (where rule is null and change <> 'removed') as run_date,
            max_by(change, run_date) as newest_change,
            max_by(rule is null, run_date) as is_newest_good
        from {{ accepted }}
        where {{ only_affected(affected, key) }}
        group by src_family, resource, src_record_id
    ) as newest
        on versions.src_family = newest.src_family
        and versions.resource = newest.resource
        and versions.src_record_id = newest.src_record_id
        and versions.run_date = newest.run_date
    where newest.newest_change <> 'removed'
{%- endmacro %}

{# The records of an entity whose newest version is withheld, out of tonight's versions: the whole model of a quarantine table. #}
{% macro quarantined(versions) -%}
with newest as (
    select *
    from {{ versions }}
    qualify row_number() over (partition by src_family, resource, src_record_id order by run_date desc) = 1
)

select
    {{ with_provenance(['resource', 'run_date', 'rule', 'reason', 'raw_record'], "'quarantine'") }}
from newest
where rule is not null
{%- endmacro %}
