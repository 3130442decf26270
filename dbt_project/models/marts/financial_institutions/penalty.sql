-- One row an organization that a decision of the regulator penalizes. Natural persons of a decision are not here.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_affected(ref('int_financial_penalty__affected'), ['penalty_id']) }}",
) }}

with standing as (
    {{ standing(ref('int_financial_penalty__accepted'), ref('int_financial_penalty__affected'), ['penalty_id']) }}
),

identities as (
    select * from {{ source('raw', 'identity_decision') }}
),

-- institutions by every name a list has given them; of two of one name the one in force, else the one listed last
named as (
    select
        institution_id,
        name_key,
        max(list_as_of) as named_on
    from {{ ref('int_financial_institution__accepted') }}
    where rule is null and change <> 'removed' and jurisdiction = 'CN'
    group by institution_id, name_key
),

institutions as (
    select
        named.institution_id,
        named.name_key
    from named
    inner join {{ ref('institution') }} as known
        on named.institution_id = known.institution_id
    qualify
        row_number() over (
            partition by named.name_key
            order by (known.licence_status = '在业') desc, named.named_on desc, named.institution_id desc
        ) = 1
),

penalties as (
    select
        standing.* exclude (reason),
        standing.reason_text as reason,
        identities.organization_id,
        institutions.institution_id
    from standing
    left join identities
        on standing.mention_key = identities.mention_key
    left join institutions
        on standing.name_key = institutions.name_key
)

select
    {{ with_provenance(
        ['penalty_id', 'decision_no', 'organization_id', 'institution_id', 'party_name', 'authority', 'decided_on', 'published_on',
         'amount_cny', 'reason', 'basis', 'decision_text'],
        "case when not is_newest_good then 'warn' else 'pass' end",
    ) }}
from penalties
