-- One row a guarantor that any list has named: what the newest list with it says. An institution that the newest list of its reporting unit
-- lacks has given up its licence (注销), for each list is the whole list of its unit; one whose row there is withheld is not lacking.
-- The leverage cap is the one the guarantor's newest quarter earns it: the higher one for mainly small, micro and farm business.
-- Public bodies that guarantee by law stand beside them (reference.public_guarantor).
{{ config(materialized='table', alias='institution') }}

with accepted as (
    select * from {{ ref('int_guarantor__accepted') }}
),

standing as (
    {{ standing(ref('int_guarantor__accepted'), ref('int_guarantor__versions'), ['guarantor_id']) }}
),

-- what the lists hold tonight, withheld rows included
listed as (
    select *
    from accepted
    qualify row_number() over (partition by src_record_id order by run_date desc) = 1 and change <> 'removed'
),

on_newest_list as (
    select *
    from listed
    qualify list_as_of = max(list_as_of) over (partition by reporting_unit)
),

newest_lists as (
    select
        reporting_unit,
        max(list_as_of) as newest_list_as_of
    from listed
    group by reporting_unit
),

seen as (
    select
        guarantor_id,
        min(run_date) as first_seen_on
    from accepted
    where rule is null and change <> 'removed'
    group by guarantor_id
),

marked as (
    select
        standing.*,
        exists(
            select 1
            from on_newest_list
            where
                on_newest_list.reporting_unit = standing.reporting_unit
                and (
                    on_newest_list.guarantor_id = standing.guarantor_id
                    or (
                        on_newest_list.rule is not null
                        and (on_newest_list.licence_no = standing.licence_no or on_newest_list.legal_name = standing.legal_name)
                    )
                )
        ) as is_on_newest_list,
        standing.list_as_of < newest_lists.newest_list_as_of as is_of_older_list
    from standing
    inner join newest_lists
        on standing.reporting_unit = newest_lists.reporting_unit
),

current_rows as (
    select *
    from marked
    qualify row_number() over (
        partition by guarantor_id order by is_on_newest_list desc, list_as_of desc, reporting_unit asc, src_record_id asc
    ) = 1
),

newest_quarters as (
    select *
    from {{ ref('institution_quarter') }}
    qualify row_number() over (partition by guarantor_id order by period desc) = 1
),

placed as (
    select
        current_rows.* exclude (status),
        case when current_rows.is_on_newest_list then current_rows.status else '注销' end as status,
        seen.first_seen_on,
        units.province2,
        units.name || '地方金融管理局' as regulator,
        quarters.balance_cny,
        quarters.micro_balance_cny,
        quarters.clients,
        quarters.micro_clients,
        coalesce({{ quarter_end('quarters.period') }}, current_rows.list_as_of) as judged_on
    from current_rows
    inner join seen
        on current_rows.guarantor_id = seen.guarantor_id
    left join {{ ref('reporting_unit') }} as units
        on current_rows.reporting_unit = units.reporting_unit
    left join newest_quarters as quarters
        on current_rows.guarantor_id = quarters.guarantor_id
),

ruled as (
    select
        *,
        {{ guarantee_rule("'leverage_cap'", 'province2', 'judged_on') }} as usual_cap,
        {{ guarantee_rule("'leverage_cap_micro_agri'", 'province2', 'judged_on') }} as higher_cap,
        {{ guarantee_rule("'micro_agri_balance_share_min'", 'province2', 'judged_on') }} as balance_share_min,
        {{ guarantee_rule("'micro_agri_client_share_min'", 'province2', 'judged_on') }} as client_share_min
    from placed
),

capped as (
    select
        *,
        micro_balance_cny >= balance_share_min * balance_cny and micro_clients >= client_share_min * clients as is_agri_micro
    from ruled
),

identities as (
    select * from {{ source('raw', 'identity_decision') }}
),

chinese as (
    select
        capped.*,
        'CN' as jurisdiction,
        identities.organization_id,
        cast(case when capped.is_agri_micro then capped.higher_cap else capped.usual_cap end as integer) as leverage_cap,
        case
            when capped.is_newest_good and capped.caution is null and not (capped.is_on_newest_list and capped.is_of_older_list) then 'pass'
            else 'warn'
        end as trust
    from capped
    left join identities
        on 'USCC:' || capped.uscc = identities.mention_key
),

-- A public body stands here from the first contract of it on.
bound as (
    select
        guarantor_id,
        min(run_date) as first_seen_on
    from {{ ref('int_guarantee_contract__accepted') }}
    where rule is null and change <> 'removed' and jurisdiction <> 'CN'
    group by guarantor_id
),

foreign_bodies as (
    select
        bodies.guarantor_id,
        bodies.jurisdiction,
        identities.organization_id,
        bodies.legal_name,
        bodies.regulator,
        bodies.ownership,
        bodies.kind,
        '在业' as status,
        bound.first_seen_on,
        'reference' as src_family,
        'public_guarantor ' || bodies.guarantor_id as src_record_id,
        bodies.address as src_url,
        bound.first_seen_on as run_date,
        'pass' as trust
    from {{ ref('public_guarantor') }} as bodies
    inner join bound
        on bodies.guarantor_id = bound.guarantor_id
    left join identities
        on 'NAME:' || bodies.jurisdiction || ':' || bodies.name_key = identities.mention_key
),

institutions as (
    select * from chinese
    union all by name
    select * from foreign_bodies
)

select
    {{ with_provenance(
        ['guarantor_id', 'jurisdiction', 'organization_id', 'uscc', 'legal_name', 'licence_no', 'licence_from', 'licence_to', 'regulator',
         'reporting_unit', 'province2', 'region6', 'ownership', 'kind', 'paid_in_capital_cny', 'registered_capital_cny', 'reg_rating',
         'is_agri_micro', 'leverage_cap', 'status', 'list_as_of', 'first_seen_on'],
        'trust',
    ) }}
from institutions
