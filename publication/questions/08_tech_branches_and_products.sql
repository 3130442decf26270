-- Unsecured products for technology SMEs where their bank has a technology branch, cheapest first
--
-- For a prefecture: the banks that run a technology branch (科技支行) there, and of each the unsecured products (信用, no guarantee asked for)
-- a 科技型中小企业 can have, up to a limit. Left out are banks that the regulator penalized for lending in the months before. A product
-- counts if its largest amount is no more than the limit, it is offered in the prefecture, and no hard criterion on qualifications
-- shuts out companies whose only one is 科技型中小. A bank counts as penalized where a decision is against the bank or one of its branches, by its name.
--
-- :prefecture text  the prefecture, four digits such as 3201
-- :limit_max decimal = 5000000  largest amount of a product, in yuan
-- :months integer = 12  how far back penalties count
-- :as_of date = the release's night  the night
with tech_branches as (
    select institution_id, count(*) as tech_branches, min(branch_name) as first_branch
    from financial_institutions.branch
    where is_tech_branch and status = '在业' and city_unit = $prefecture
    group by institution_id
),

penalized as (
    select distinct banks.institution_id
    from financial_institutions.penalty as penalties
    join financial_institutions.institution as banks
        on penalties.institution_id = banks.institution_id
        or (banks.jurisdiction = 'CN' and starts_with(penalties.party_name, banks.legal_name))
    where regexp_matches(concat_ws(' ', penalties.reason, penalties.basis), '贷款|授信|信贷|贷前|贷后|放贷|三查')
        and penalties.decided_on > $as_of::date - to_months($months::integer)
        and penalties.decided_on <= $as_of::date
),

shut_out as (
    select distinct product_id, version
    from financial_institutions.product_criterion
    where is_hard and field = 'qualification'
        and not case op
            when '=' then trim(value) in ('科技型中小', '科技型中小企业')
            when 'in' then contains(value, '科技型中小')
            when '≠' then trim(value) not in ('科技型中小', '科技型中小企业')
            when 'not_in' then not contains(value, '科技型中小')
            when 'exists' then true
            else false
        end
),

meant as (
    select distinct product_id, version
    from financial_institutions.product_criterion
    where field = 'qualification' and op in ('=', 'in') and contains(value, '科技型中小')
)

select
    banks.legal_name as bank,
    tech_branches.tech_branches,
    tech_branches.first_branch,
    products.product_name,
    products.rate_min,
    products.rate_max,
    products.limit_min_amount,
    products.limit_max_amount,
    products.term_max_months,
    meant.product_id is not null as is_meant_for_tech_smes,
    products.has_subsidy,
    products.product_id
from financial_institutions.product as products
join tech_branches using (institution_id)
join financial_institutions.institution as banks using (institution_id)
left join meant on products.product_id = meant.product_id and products.version = meant.version
left join shut_out on products.product_id = shut_out.product_id and products.version = shut_out.version
left join penalized on products.institution_id = penalized.institution_id
where products.valid_from <= $as_of::date
    and (products.valid_to is null or products.valid_to > $as_of::date)
    and products.status = 'published'
    and coalesce(products.target, '企业') = '企业'
    and products.category = '信用'
    and products.is_guarantee_required is not true
    and products.currency = 'CNY'
    and products.limit_max_amount <= $limit_max
    and (products.stated_from is null or products.stated_from <= $as_of::date)
    and (products.stated_to is null or products.stated_to >= $as_of::date)
    and (
        coalesce(len(products.regions), 0) = 0
        or len(list_filter(
            products.regions,
            lambda region: region[1:4] = $prefecture or region = $prefecture[1:2] || '0000'
        )) > 0
    )
    and banks.licence_status = '在业'
    and shut_out.product_id is null
    and penalized.institution_id is null
order by products.rate_min nulls last, products.rate_max nulls last, products.limit_max_amount desc, products.product_id
