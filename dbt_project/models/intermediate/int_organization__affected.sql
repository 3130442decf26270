-- The organizations of which tonight's records speak, with every mention key they go by (in a full build: all there are).
{{ config(materialized='table') }}

with mentioned as (
    select cast(null as varchar) as mention_key
    where false
    {% for entity in var('entities') if entity.mentions %}
    union
    select mentions.mention_key
    from {{ ref('int_' ~ entity.name ~ '__mentions') }} as mentions
    inner join {{ ref('int_' ~ entity.name ~ '__versions') }} as versions
        on mentions.src_family = versions.src_family
        and mentions.resource = versions.resource
        and mentions.src_record_id = versions.src_record_id
    {% endfor %}
),

identities as (
    select * from {{ source('raw', 'identity_decision') }}
),

organizations as (
    select distinct identities.organization_id
    from identities
    inner join mentioned
        on identities.mention_key = mentioned.mention_key
)

select
    identities.organization_id,
    identities.mention_key
from identities
inner join organizations
    on identities.organization_id = organizations.organization_id
