-- Banks that keep less than their share of the risk of guaranteed loans
--
-- One row a guarantor and bank: by the contracts in force (the mean of the bank's share, weighted by balance) or by what
-- the guarantor states of their cooperation in its newest quarter, if that has not ended, whichever is lower, below the
-- share. A contract that names a bank without its code counts with that bank.
-- :share decimal = 0.2  below this share of the risk
-- :jurisdiction text = CN  guarantors of this country
-- :as_of date = night  cooperations that have not ended before this day
with banks as (
    select organization_id, min(institution_id) as institution_id
    from financial_institutions.institution
    where organization_id is not null
    group by organization_id
),

by_contracts as (
    select
        contract.guarantor_id,
        coalesce(
            contract.creditor_institution_id,
            banks.institution_id,
            contract.creditor_organization_id,
            contract.creditor_name
        ) as bank,
        any_value(contract.creditor_name order by contract.contract_id) as bank_name,
        count(*) as contracts,
        sum(contract.balance_amount) as balance_amount,
        sum(contract.share_bank_ratio * contract.balance_amount) / nullif(sum(contract.balance_amount), 0)
            as share_by_contracts
    from guarantees.contract as contract
    left join banks on contract.creditor_organization_id = banks.organization_id
    where status = '在保' and share_bank_ratio is not null and jurisdiction = $jurisdiction
    group by all
),

newest_cooperation as (
    select
        cooperation.guarantor_id,
        cooperation.institution_id as bank,
        cooperation.bank_name,
        cooperation.period,
        cooperation.bank_share_ratio as share_by_cooperation,
        cooperation.valid_to
    from guarantees.bank_cooperation as cooperation
    join guarantees.institution as institution using (guarantor_id)
    where institution.jurisdiction = $jurisdiction
    qualify row_number() over (partition by cooperation.guarantor_id, bank order by cooperation.period desc) = 1
),

by_cooperation as (
    select *
    from newest_cooperation
    where valid_to is null or valid_to >= $as_of
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
