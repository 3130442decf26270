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

-- A loan abroad at 0 % is a form nobody filled in. Cards and instalments without interest, which live on their fees, there are.
categorized as (
    select
        staged.*,
        categories.category,
        coalesce(
            staged.jurisdiction <> 'CN' and categories.is_credit and categories.category not in ('银行卡', '分期') and staged.rate_max = 0,
            false
        ) as is_rate_zero
    from staged
    left join categories
        on staged.jurisdiction = categories.jurisdiction
        and staged.category_raw = categories.word
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
    categorized.product_id,
    categorized.institution_id,
    categorized.jurisdiction,
    categorized.product_no,
    categorized.product_name,
    categorized.category,
    categorized.category_raw,
    categorized.target,
    categorized.currency,
    categorized.limit_min_amount,
    categorized.limit_max_amount,
    categorized.limit_raw,
    case when not categorized.is_rate_zero then categorized.rate_min end as rate_min,
    case when not categorized.is_rate_zero then categorized.rate_max end as rate_max,
    categorized.rate_basis,
    categorized.rate_raw,
    case when categorized.is_rate_zero then 'zero' else categorized.rate_flag end as rate_flag,
    categorized.term_min_months,
    categorized.term_max_months,
    categorized.repay_method,
    categorized.is_guarantee_required,
    categorized.risk_share_bank_ratio,
    categorized.has_subsidy,
    categorized.regions,
    categorized.stated_from,
    categorized.stated_to,
    categorized.status,
    categorized.reviewed_on,
    categorized.criteria,
    categorized.rate_flag is not null or categorized.is_rate_zero or coalesce(categorized.is_limit_unusable, false) as is_doubtful,
    {{ record_names('categorized') }},
    categorized.raw_record,
    case
        when categorized.change = 'removed' then null
        when categorized.rule is not null then categorized.rule
        when categorized.category is null then 'category_unknown'
        when problems.problem is not null then 'criterion_invalid'
    end as rule,
    case
        when categorized.change = 'removed' then null
        when categorized.rule is not null then categorized.reason
        when categorized.category is null
            then 'category: expected a word of reference.product_category_map, got ' || coalesce(categorized.category_raw, 'nothing')
        else problems.problem
    end as reason
from categorized
left join problems
    on categorized.src_family = problems.src_family
    and categorized.src_record_id = problems.src_record_id
    and categorized.run_date = problems.run_date
