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

institutions as (
    select
        institution_id,
        {{ name_key('legal_name') }} as name_key
    from {{ ref('institution') }}
    where jurisdiction = 'CN'
    qualify
        row_number() over (
            partition by {{ name_key('legal_name') }} order by (licence_status = '在业') desc, list_as_of desc, institution_id desc
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
