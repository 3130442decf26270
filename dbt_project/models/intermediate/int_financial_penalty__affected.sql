-- The penalties that are computed again tonight: those of which tonight's change log says anything, and those whose party has the name of
-- an institution that is computed again.
{{ config(materialized='table') }}

with versions as (
    select * from {{ ref('int_financial_penalty__versions') }}
),

accepted as (
    select * from {{ ref('int_financial_penalty__accepted') }}
),

institutions as (
    select accepted.*
    from {{ ref('int_financial_institution__accepted') }} as accepted
    inner join {{ ref('int_financial_institution__affected') }} as affected
        on accepted.institution_id = affected.institution_id
)

select penalty_id
from versions
union
select accepted.penalty_id
from accepted
inner join institutions
    on accepted.name_key = institutions.name_key
