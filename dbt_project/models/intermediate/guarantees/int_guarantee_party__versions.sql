-- Tonight's organizations that guarantees speak of: guarantors by the lists, clients and lenders by the contracts, the agency by its loans.
-- Contracts speak of few organizations many times, so here is one row a night and name; the record is known by that. A guarantor, which has
-- one name at a time on its list, is known by its number alone. Who is guaranteed and who lends is internal.
{{ config(materialized='table', tags=['identity_input']) }}

with guarantors as (
    select * from {{ ref('int_guarantor__versions') }}
    where rule is null and change <> 'removed'
),

contracts as (
    select * from {{ ref('int_guarantee_contract__versions') }}
    where rule is null and change <> 'removed'
),

public_bodies as (
    select * from {{ ref('public_guarantor') }}
),

spoken as (
    select
        *,
        'USCC:' || uscc as mention_key,
        'USCC:' || uscc as known_by,
        legal_name as name,
        {{ name_key('legal_name') }} as name_key,
        'CN' as jurisdiction,
        cast(null as varchar) as place,
        'public' as visibility,
        'guarantor' as role,
        cast(null as varchar) as id_type,
        cast(null as varchar) as id_value,
        list_as_of as said_on
    from guarantors

    union all by name

    select
        *,
        client_mention_key as mention_key,
        client_mention_key || ' ' || client_name as known_by,
        client_name as name,
        {{ name_key('client_name') }} as name_key,
        client_uscc as uscc,
        case when jurisdiction <> 'CN' then upper(client_place) end as place,
        'internal' as visibility
    from contracts
    where client_mention_key is not null

    union all by name

    select
        * exclude (client_uscc),
        creditor_mention_key as mention_key,
        creditor_mention_key || ' ' || creditor_name as known_by,
        creditor_name as name,
        creditor_key as name_key,
        'internal' as visibility,
        case when creditor_institution_id is not null then 'bank' end as role,
        case when creditor_institution_id is not null then 'NFRA15' end as id_type,
        substr(creditor_institution_id, 4) as id_value
    from contracts
    where creditor_mention_key is not null

    union all by name

    select
        contracts.*,
        'NAME:' || public_bodies.jurisdiction || ':' || public_bodies.name_key as mention_key,
        public_bodies.guarantor_id as known_by,
        public_bodies.legal_name as name,
        public_bodies.name_key,
        'public' as visibility,
        'guarantor' as role
    from contracts
    inner join public_bodies
        on contracts.guarantor_id = public_bodies.guarantor_id
)

select
    src_family,
    resource,
    known_by as src_record_id,
    src_url,
    file_sha256,
    fetched_at,
    'added' as change,
    run_date,
    mention_key,
    name,
    name_key,
    uscc,
    jurisdiction,
    place,
    visibility,
    role,
    id_type,
    id_value,
    cast(null as varchar) as rule,
    cast(null as varchar) as reason
from spoken
qualify row_number() over (
    partition by src_family, resource, known_by, run_date order by role asc nulls last, said_on desc nulls last, src_record_id asc
) = 1
