-- Guarantors near or above their leverage cap, and how they came there
--
-- One row a guarantor whose liability balance in its newest quarter is at least so much of its own cap (10 or 15 times
-- its net assets less stakes in other guarantors, or what its province allows), with the leverage of each of the three
-- quarters before (empty where that one was not reported), the room that is left, and for comparison what the contracts
-- in force add up to by their weights. One that is on no list stands under the country's cap.
-- :share decimal = 0.9  at least this much of the cap
-- :province text = any  only guarantors of this province (two digits)
with numbered as (
    select *, left(period, 4)::integer * 4 + right(period, 1)::integer as number
    from guarantees.institution_quarter
),

country as (
    select max(value)::integer as leverage_cap
    from reference.guarantee_rule
    where rule = 'leverage_cap' and area = 'CN' and valid_to is null
),

quarters as (
    select
        quarter.*,
        quarter.net_assets_cny - coalesce(quarter.equity_in_guarantors_cny, 0) as usable_cny,
        max(quarter.number) over (partition by quarter.guarantor_id) = quarter.number as is_newest,
        max(quarter.leverage_ratio) over (story range between 1 preceding and 1 preceding) as leverage_1_before,
        max(quarter.leverage_ratio) over (story range between 2 preceding and 2 preceding) as leverage_2_before,
        max(quarter.leverage_ratio) over (story range between 3 preceding and 3 preceding) as leverage_3_before,
        institution.legal_name,
        institution.province2,
        coalesce(institution.leverage_cap, country.leverage_cap) as leverage_cap
    from numbered as quarter
    cross join country
    left join guarantees.institution as institution using (guarantor_id)
    window story as (partition by quarter.guarantor_id order by quarter.number)
),

contracts as (
    select guarantor_id, sum(balance_amount * risk_weight_ratio) as weighted_contracts_cny
    from guarantees.contract
    where status = '在保' and currency = 'CNY'
    group by guarantor_id
)

select
    guarantor_id,
    legal_name as guarantor,
    province2,
    period,
    leverage_ratio,
    leverage_cap,
    round(weighted_liability_cny / nullif(leverage_cap * greatest(usable_cny, 0), 0), 4) as share_of_cap,
    leverage_cap * greatest(usable_cny, 0) - weighted_liability_cny as headroom_cny,
    leverage_1_before,
    leverage_2_before,
    leverage_3_before,
    contracts.weighted_contracts_cny
from quarters
left join contracts using (guarantor_id)
where
    is_newest
    and weighted_liability_cny > 0
    and weighted_liability_cny >= $share * leverage_cap * greatest(usable_cny, 0)
    and $province in ('any', province2)
order by share_of_cap desc nulls first, guarantor_id
