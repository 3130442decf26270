{# Who is spoken of. Every entity says in the same shape of which organizations its records speak, by which names and numbers, and when. #}

{# A credit code as it must be, or NULL: one spelling, O and I repaired, both check digits right. #}
{% macro valid_uscc(text) -%}
    {{ let('code', code_text(text), uscc_repaired('code')) }}
{%- endmacro %}

{# By what identity knows a mention: the credit code if there is one (`uscc`: a valid one or NULL), else the name; NULL for neither.
   A name from abroad counts within its country and, where `place` is given, within that place: two firms of one name are common there. #}
{% macro mention_key(uscc, name_key, jurisdiction="'CN'", place='null') -%}
    case
        when {{ uscc }} is not null then 'USCC:' || {{ uscc }}
        when {{ jurisdiction }} = 'CN' then 'NAME:' || {{ name_key }}
        else 'NAME:' || {{ jurisdiction }} || ':' || {{ name_key }} || coalesce('|' || {{ place }}, '')
    end
{%- endmacro %}

{# The whole model int_<entity>__mentions: one row a period in which a record said the same of an organization. Only good versions speak;
   a record that goes away takes nothing back. An entity whose records are `int_<entity>__accepted` says in `mentions` of whom they speak,
   each a dictionary of SQL over its columns:
     key           the mention_key; no mention where it or the name is NULL
     name          the name as it is shown
     name_key      the name as it is compared; left out: name_key(name)
     name_type     全称, 简称, 品牌 …; left out: what the form of the name says; 全称 abroad
     uscc          a valid credit code or NULL; left out: none
     jurisdiction  left out: 'CN'
     place         where abroad; left out: none
     visibility    left out: what is declared for the resource (models/staging/raw.yml)
     role          what it is to us: bank, guarantor, candidate … (organizations.role); left out: nothing
     ids           list of (id_type, id_value), further numbers of it (organizations.identifier); a credit code is one by itself #}
{% macro mention_periods(entity, mentions) -%}
{%- set record = ['src_family', 'resource', 'src_record_id'] -%}
with versions as (
    select *
    from {{ ref('int_' ~ entity ~ '__accepted') }}
    where
        rule is null
        and change <> 'removed'
        and {{ only_affected(ref('int_' ~ entity ~ '__versions'), record) }}
),

said as (
    {%- for mention in mentions %}
    {%- set number = loop.index %}
    {%- for id_type, id_value in mention.ids or [('null', 'null')] %}
    {{ 'union all' if not (number == 1 and loop.first) }}
    select
        {{ record_names() }},
        '{{ number }}.{{ loop.index }}' as part,
        case
            when {{ mention.name }} is not null{{ ' and ' ~ id_value ~ ' is not null' if not loop.first }} then {{ mention.key }}
        end as mention_key,
        {{ mention.name }} as name,
        {{ mention.name_key or name_key(mention.name) }} as name_key,
        {{ mention.name_type or name_type(mention.name, mention.jurisdiction or "'CN'") }} as name_type,
        cast({{ mention.uscc or 'null' }} as varchar) as uscc,
        {{ mention.jurisdiction or "'CN'" }} as jurisdiction,
        cast({{ mention.place or 'null' }} as varchar) as place,
        {{ mention.visibility or declared_visibility('src_family', 'resource') }} as visibility,
        cast({{ mention.role or 'null' }} as varchar) as role,
        cast(case when {{ id_value }} is not null then {{ id_type }} end as varchar) as id_type,
        cast({{ id_value }} as varchar) as id_value
    from versions
    {%- endfor %}
    {%- endfor %}
),

hashed as (
    select
        *,
        {{ row_hash(['mention_key', 'name', 'name_key', 'name_type', 'uscc', 'jurisdiction', 'place', 'visibility', 'role', 'id_type',
                     'id_value']) }} as words
    from said
),

marked as (
    select
        *,
        lag(words) over (partition by {{ record | join(', ') }}, part order by run_date) as previous_words
    from hashed
),

periods as (
    select
        *,
        run_date as valid_from,
        lead(run_date) over (partition by {{ record | join(', ') }}, part order by run_date) as valid_to
    from marked
    where words is distinct from previous_words
)

select
    src_family,
    resource,
    src_record_id,
    part,
    mention_key,
    name,
    name_key,
    name_type,
    uscc,
    jurisdiction,
    place,
    visibility,
    role,
    id_type,
    id_value,
    run_date,
    valid_from,
    valid_to,
    src_url,
    file_sha256,
    fetched_at
from periods
where mention_key is not null
{%- endmacro %}

{# What a name is called: full where it shows a legal form, or comes from abroad, where forms are not read. #}
{% macro name_type(name, jurisdiction) -%}
    case when {{ jurisdiction }} = 'CN' and {{ org_form(name) }} = '其他' then '简称' else '全称' end
{%- endmacro %}

{# The mentions of the affected organizations, each with its organization. #}
{% macro organization_mentions() -%}
    select
        mentions.*,
        affected.organization_id
    from {{ ref('int_organization__mentions') }} as mentions
    inner join {{ ref('int_organization__affected') }} as affected
        on mentions.mention_key = affected.mention_key
{%- endmacro %}

{# One row a key out of mentions: the first of them, with the days between which it was said.
   Only those that the most people may see speak, so that a row tells nobody what a more confidential source alone has said. #}
{% macro first_and_last(mentions, key) -%}
    select
        * exclude (valid_to, first_from, last_to),
        first_from as first_seen_on,
        last_to as valid_to
    from (
        select
            *,
            min(valid_from) over same_key as first_from,
            case when bool_and(valid_to is not null) over same_key then max(valid_to) over same_key end as last_to
        from (
            select *
            from {{ mentions }}
            qualify
                {{ visibility_rank('visibility') }}
                = min({{ visibility_rank('visibility') }}) over (partition by {{ key | join(', ') }})
        ) as open_mentions
        window same_key as (partition by {{ key | join(', ') }})
    ) as keyed
    qualify
        row_number() over (
            partition by {{ key | join(', ') }} order by valid_from, src_family, resource, src_record_id, part
        ) = 1
{%- endmacro %}
