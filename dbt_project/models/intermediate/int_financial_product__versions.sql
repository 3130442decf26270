-- One row a record version of a product of any source, in one vocabulary, its criteria checked. A category that
-- reference.product_category_map does not know, and a criterion that reference.criterion_field does not, withhold the product.
{{ config(materialized='table') }}

with staged as (
    select * from {{ ref('stg_bank_products__product') }}
    union all by name
    select * from {{ ref('stg_cdr__product') }}
),

categories as (
    select * from {{ ref('product_category_map') }}
),

criterion_fields as (
    select
        subject as known_subject,
        field as known_field,
        value_type as known_type,
        unit_kind as known_unit_kind
    from {{ ref('criterion_field') }}
),

units as (
    select
        word as known_unit,
        kind as unit_kind
    from {{ ref('unit') }}
),

criteria as (
    select * from {{ criteria_of('staged', ['src_family', 'src_record_id', 'run_date', 'jurisdiction']) }}
),

judged as (
    select
        criteria.*,
        {{ criterion_problem() }} as problem
    from criteria
    left join criterion_fields
        on criteria.subject = criterion_fields.known_subject
        and criteria.field = criterion_fields.known_field
    left join units
        on criteria.unit = units.known_unit
),

problems as (
    select
        src_family,
        src_record_id,
        run_date,
        min_by('criteria ' || seq || ' (' || coalesce(text, concat_ws('.', subject, field)) || '): ' || problem, seq) as problem
    from judged
    where problem is not null
    group by src_family, src_record_id, run_date
)

select
    staged.product_id,
    staged.institution_id,
    staged.jurisdiction,
    staged.product_no,
    staged.product_name,
    categories.category,
    staged.category_raw,
    staged.target,
    staged.currency,
    staged.limit_min_amount,
    staged.limit_max_amount,
    staged.limit_raw,
    staged.rate_min,
    staged.rate_max,
    staged.rate_basis,
    staged.rate_raw,
    staged.rate_flag,
    staged.term_min_months,
    staged.term_max_months,
    staged.repay_method,
    staged.is_guarantee_required,
    staged.risk_share_bank_ratio,
    staged.has_subsidy,
    staged.regions,
    staged.stated_from,
    staged.stated_to,
    staged.status,
    staged.reviewed_on,
    staged.criteria,
    staged.rate_flag is not null or coalesce(staged.is_limit_unusable, false) as is_doubtful,
    {{ record_names('staged') }},
    staged.raw_record,
    case
        when staged.change = 'removed' then null
        when staged.rule is not null then staged.rule
        when categories.category is null then 'category_unknown'
        when problems.problem is not null then 'criterion_invalid'
    end as rule,
    case
        when staged.change = 'removed' then null
        when staged.rule is not null then staged.reason
        when categories.category is null
            then 'category: expected a word of reference.product_category_map, got ' || coalesce(staged.category_raw, 'nothing')
        else problems.problem
    end as reason
from staged
left join categories
    on staged.jurisdiction = categories.jurisdiction
    and staged.category_raw = categories.word
left join problems
    on staged.src_family = problems.src_family
    and staged.src_record_id = problems.src_record_id
    and staged.run_date = problems.run_date
