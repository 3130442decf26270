-- Unsecured products for technology SMEs at banks with a technology branch, cheapest first
--
-- One row a product: offered in a prefecture by a bank that runs a technology branch (科技支行) there, unsecured (信用, no
-- guarantee asked for), of no more than a limit, and open to a 科技型中小企业. A hard criterion on qualifications that such
-- a company cannot meet by this one shuts it out. Left out are banks that, under the bank's name or a branch's, were
-- penalized for lending in the months before.
-- :prefecture text = any  only branches in this prefecture, four digits such as 3201
-- :limit_max decimal = 5000000  largest amount of a product at most, in yuan
-- :months integer = 12  so many months back penalties count
-- :as_of date = night  as it stood on this night
with tech_branches as (
    select institution_id, count(*) as tech_branches, list(distinct city_unit) as cities
    from financial_institutions.branch
    where is_tech_branch and status = '在业' and $prefecture in ('any', city_unit)
    group by institution_id
),

penalized as (
    select distinct bank.institution_id
    from financial_institutions.penalty as penalty
    join financial_institutions.institution as bank
        on penalty.institution_id = bank.institution_id
        or (bank.jurisdiction = 'CN' and starts_with(penalty.party_name, bank.legal_name))
    where
        regexp_matches(penalty.reason, '贷款|授信|信贷|贷前|贷后|放贷|三查')
        -- A page that tells no day of its decision counts from its publication.
        and coalesce(penalty.decided_on, penalty.published_on) > $as_of - to_months($months)
        and coalesce(penalty.decided_on, penalty.published_on) <= $as_of
),

qualifications as (
    select
        product_id,
        version,
        is_hard,
        case op
            when '=' then trim(value) in ('科技型中小', '科技型中小企业')
            when 'in' then contains(value, '科技型中小')
            when '≠' then trim(value) not in ('科技型中小', '科技型中小企业')
            when 'not_in' then not contains(value, '科技型中小')
            else op = 'exists'
        end as is_met,
        op in ('=', 'in') as is_named
    from financial_institutions.product_criterion
    where field = 'qualification'
),

open_to as (
    select product_id, version, bool_or(is_met and is_named) as is_meant_for_them
    from qualifications
    group by product_id, version
    having coalesce(bool_and(is_met) filter (is_hard), true)
)

select
    bank.legal_name as bank,
    tech_branches.tech_branches,
    product.product_name,
    product.rate_min,
    product.rate_max,
    product.limit_min_amount,
    product.limit_max_amount,
    product.term_max_months,
    coalesce(open_to.is_meant_for_them, false) as is_meant_for_them,
    product.has_subsidy,
    product.product_id
from financial_institutions.product as product
join tech_branches using (institution_id)
join financial_institutions.institution as bank using (institution_id)
left join open_to using (product_id, version)
where
    product.valid_from <= $as_of
    and (product.valid_to is null or product.valid_to > $as_of)
    and product.status = 'published'
    and (product.stated_from is null or product.stated_from <= $as_of)
    and (product.stated_to is null or product.stated_to >= $as_of)
    and product.target = '企业'
    and product.category = '信用'
    and product.is_guarantee_required is not true
    and product.currency = 'CNY'
    and product.limit_max_amount <= $limit_max
    and bank.licence_status = '在业'
    and (
        coalesce(len(product.regions), 0) = 0
        or list_has_any(
            list_transform(product.regions, lambda region: left(region, 4)),
            list_concat(tech_branches.cities, list_transform(tech_branches.cities, lambda city: left(city, 2) || '00'))
        )
    )
    and product.institution_id not in (select institution_id from penalized)
    and (product.product_id, product.version) not in (
        select (product_id, version) from qualifications
        anti join open_to using (product_id, version)
    )
order by product.rate_min nulls last, product.rate_max nulls last, product.limit_max_amount desc, product.product_id
