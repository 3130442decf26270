-- The organizations of which tonight's projects speak, with every name key they go by (in a full build: all there are).
{{ config(materialized='table') }}

with affected as (
    select * from {{ ref('int_listing_project__affected') }}
),

mentions as (
    select * from {{ ref('int_organization__mentions') }}
),

identities as (
    select * from {{ source('raw', 'identity_decision') }}
),

mentioned as (
    select distinct mentions.name_key
    from mentions
    inner join affected
        on mentions.exchange = affected.exchange
        and mentions.project_id = affected.project_id
),

organizations as (
    select distinct identities.organization_id
    from identities
    inner join mentioned
        on identities.name_key = mentioned.name_key
)

select
    identities.organization_id,
    identities.name_key
from identities
inner join organizations
    on identities.organization_id = organizations.organization_id
