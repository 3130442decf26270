-- Companies that two or more guarantors guarantee at once
--
-- One row a company with contracts in force at several guarantors whose balances add up to more than so much.
-- :total decimal = 5000000  more than this, in yuan
-- :as_of date = night  contracts that have not ended before this day
select
    contract.client_organization_id,
    organization.legal_name as client,
    count(distinct contract.guarantor_id) as guarantors,
    count(*) as contracts,
    sum(contract.balance_amount) as exposure_cny,
    string_agg(distinct coalesce(institution.legal_name, contract.guarantor_id), '、' order by
        coalesce(institution.legal_name, contract.guarantor_id)) as guaranteed_by
from guarantees.contract as contract
left join guarantees.institution as institution using (guarantor_id)
left join organizations.organization as organization on contract.client_organization_id = organization.organization_id
where
    contract.status = '在保'
    and contract.currency = 'CNY'
    and contract.client_organization_id is not null
    and (contract.ends_on is null or contract.ends_on >= $as_of)
group by contract.client_organization_id, organization.legal_name
having guarantors >= 2 and exposure_cny > $total
order by exposure_cny desc, contract.client_organization_id
