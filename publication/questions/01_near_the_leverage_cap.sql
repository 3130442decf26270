-- Guarantors near or above their leverage cap, and how they came there
--
-- One row a guarantor whose liability balance in its newest quarter is at least so much of its own cap (10 or 15 times
-- its net assets less stakes in other guarantors, or what its province allows), with the leverage of the three quarters
-- before, the room that is left, and for comparison what the contracts in force add up to by their weights.
-- :share decimal = 0.9  at least this much of the cap
-- :province text = any  only guarantors of this province (two digits)
with quarters as (
    select
        quarter.*,
        quarter.net_assets_cny - coalesce(quarter.equity_in_guarantors_cny, 0) as usable_cny,
        row_number() over newest_first as place,
        lead(quarter.leverage_ratio, 1) over newest_first as leverage_1_before,
        lead(quarter.leverage_ratio, 2) over newest_first as leverage_2_before,
        lead(quarter.leverage_ratio, 3) over newest_first as leverage_3_before
    from guarantees.institution_quarter as quarter
    window newest_first as (partition by quarter.guarantor_id order by quarter.period desc)
),

contracts as (
    select guarantor_id, sum(balance_amount * risk_weight_ratio) as weighted_contracts_cny
    from guarantees.contract
    where status = '在保' and currency = 'CNY'
    group by guarantor_id
)

select
    institution.guarantor_id,
    institution.legal_name as guarantor,
    institution.province2,
    quarters.period,
    quarters.leverage_ratio,
    institution.leverage_cap,
    round(quarters.weighted_liability_cny / nullif(institution.leverage_cap * greatest(usable_cny, 0), 0), 4) as share_of_cap,
    institution.leverage_cap * greatest(usable_cny, 0) - quarters.weighted_liability_cny as headroom_cny,
    quarters.leverage_1_before,
    quarters.leverage_2_before,
    quarters.leverage_3_before,
    contracts.weighted_contracts_cny
from quarters
join guarantees.institution as institution using (guarantor_id)
left join contracts using (guarantor_id)
where
    quarters.place = 1
    and quarters.weighted_liability_cny > 0
    and quarters.weighted_liability_cny >= $share * institution.leverage_cap * greatest(usable_cny, 0)
    and $province in ('any', institution.province2)
order by share_of_cap desc nulls first, guarantor_id
