-- One row a financial institution: Chinese ones by the newest list of the regulator, Australian brands by the register beside them.
-- An institution of an earlier list that the newest lacks is 注销. A brand that has left the register has no row.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_affected(ref('int_financial_institution__affected'), ['institution_id']) }}",
) }}

with accepted as (
    select * from {{ ref('int_financial_institution__accepted') }}
    where {{ only_affected(ref('int_financial_institution__affected'), ['institution_id']) }}
),

standing as (
    {{ standing(ref('int_financial_institution__accepted'), ref('int_financial_institution__affected'), ['institution_id']) }}
),

-- what the lists hold tonight, withheld rows included: a row that cannot be read does not end a licence
listed as (
    select
        institution_id,
        legal_name,
        list_as_of,
        rule
    from accepted
    where jurisdiction = 'CN'
    qualify row_number() over (partition by src_record_id order by run_date desc) = 1 and change <> 'removed'
),

newest_list as (
    select *
    from listed
    where list_as_of = (select max(lists.list_as_of) from listed as lists)
),

newest as (
    select
        *,
        max(list_as_of) over (partition by jurisdiction) as newest_list_as_of
    from standing
    qualify row_number() over (partition by institution_id order by list_as_of desc nulls last, run_date desc) = 1
),

-- withheld rows whose code is nobody's: a slip in the code, so their names tell whose they are
slips as (
    select newest_list.*
    from newest_list
    left join newest
        on newest_list.institution_id = newest.institution_id
    where newest_list.rule is not null and newest.institution_id is null
),

on_newest_list as (
    select institution_id
    from newest_list
    union
    select newest.institution_id
    from newest
    inner join slips
        on newest.legal_name = slips.legal_name
    where newest.jurisdiction = 'CN'
),

first_seen as (
    select
        institution_id,
        min(run_date) as first_seen_on
    from accepted
    where rule is null and change <> 'removed'
    group by institution_id
),

identities as (
    select * from {{ source('raw', 'identity_decision') }}
),

institutions as (
    select
        newest.*,
        identities.organization_id,
        first_seen.first_seen_on,
        case
            when newest.jurisdiction = 'CN' then case when on_newest_list.institution_id is not null then '在业' else '注销' end
        end as licence_status,
        not newest.is_newest_good
        or (on_newest_list.institution_id is not null and newest.list_as_of < newest.newest_list_as_of) as is_withheld
    from newest
    inner join first_seen
        on newest.institution_id = first_seen.institution_id
    left join on_newest_list
        on newest.institution_id = on_newest_list.institution_id
    left join identities
        on newest.mention_key = identities.mention_key
)

select
    {{ with_provenance(
        ['institution_id', 'jurisdiction', 'organization_id', 'nfra_code', 'legal_name', 'name_en', 'fi_type', 'fi_type_raw',
         'supervisor_unit', 'business_number', 'licence_status', 'list_as_of', 'first_seen_on'],
        "case when is_withheld then 'warn' else 'pass' end",
    ) }}
from institutions
