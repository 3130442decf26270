-- Banks that keep less than their share of the risk of guaranteed loans
--
-- One row a guarantor and bank: by the contracts in force (the mean of the bank's share, weighted by balance) or by what
-- the guarantor states of their cooperation in its newest quarter, whichever is lower, below the share.
-- :share decimal = 0.2  below this share of the risk
-- :jurisdiction text = CN  guarantors of this country
with by_contracts as (
    select
        guarantor_id,
        coalesce(creditor_institution_id, creditor_organization_id, creditor_name) as bank,
        any_value(creditor_name order by contract_id) as bank_name,
        count(*) as contracts,
        sum(balance_amount) as balance_amount,
        sum(share_bank_ratio * balance_amount) / nullif(sum(balance_amount), 0) as share_by_contracts
    from guarantees.contract
    where status = '在保' and share_bank_ratio is not null and jurisdiction = $jurisdiction
    group by all
),

by_cooperation as (
    select
        cooperation.guarantor_id,
        cooperation.institution_id as bank,
        cooperation.bank_name,
        cooperation.period,
        cooperation.bank_share_ratio as share_by_cooperation
    from guarantees.bank_cooperation as cooperation
    join guarantees.institution as institution using (guarantor_id)
    where institution.jurisdiction = $jurisdiction
    qualify row_number() over (partition by cooperation.guarantor_id, bank order by cooperation.period desc) = 1
)

select
    guarantor_id,
    institution.legal_name as guarantor,
    bank,
    coalesce(by_contracts.bank_name, by_cooperation.bank_name) as bank_name,
    by_contracts.contracts,
    by_contracts.balance_amount,
    round(by_contracts.share_by_contracts, 6) as share_by_contracts,
    by_cooperation.share_by_cooperation,
    by_cooperation.period as cooperation_period
from by_contracts
full join by_cooperation using (guarantor_id, bank)
left join guarantees.institution as institution using (guarantor_id)
where least(by_contracts.share_by_contracts, by_cooperation.share_by_cooperation) < $share
order by least(share_by_contracts, share_by_cooperation), guarantor_id, bank
