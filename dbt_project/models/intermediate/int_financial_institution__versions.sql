-- One row a record version of an institution, Chinese or foreign, in one vocabulary. A type that reference.fi_type_map does not know is a
-- broken row rule, never a guess.
{{ config(materialized='table') }}

with staged as (
    select * from {{ ref('stg_nfra_institutions__institution') }}
    union all by name
    select * from {{ ref('stg_cdr__brand') }}
),

types as (
    select * from {{ ref('fi_type_map') }}
)

select
    staged.institution_id,
    staged.jurisdiction,
    staged.nfra_code,
    staged.brand_id,
    staged.legal_name,
    {{ name_key('staged.legal_name') }} as name_key,
    {{ mention_key('null', name_key('staged.legal_name'), 'staged.jurisdiction') }} as mention_key,
    staged.name_en,
    types.fi_type,
    types.kind,
    staged.fi_type_raw,
    staged.supervisor_unit,
    staged.business_number,
    staged.list_as_of,
    {{ record_names() }},
    staged.raw_record,
    case
        when staged.change = 'removed' then null
        when staged.rule is not null then staged.rule
        when types.fi_type is null and staged.fi_type_raw is not null then 'type_unknown'
    end as rule,
    case
        when staged.change = 'removed' then null
        when staged.rule is not null then staged.reason
        when types.fi_type is null and staged.fi_type_raw is not null
            then '机构类型: expected a word of reference.fi_type_map, got ' || staged.fi_type_raw
    end as reason
from staged
left join types
    on staged.fi_type_raw = types.word
