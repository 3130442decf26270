-- Guarantors that depend on one client or group of clients, and who these are
--
-- One row a guarantor and client or group: those the contracts in force show above the limits (10 % of the net assets
-- of the newest quarter for a client, 15 % for a group), and those the guarantor itself reports above them without
-- saying who. Bonds count whole: the lighter count of bonds rated AA or better asks for a rating no contract gives.
-- :client_share decimal = 0.1  a client above this share of the net assets
-- :group_share decimal = 0.15  a group above this share of the net assets
with newest as (
    select *
    from guarantees.institution_quarter
    qualify row_number() over (partition by guarantor_id order by period desc) = 1
),

contracts as (
    select
        guarantor_id,
        coalesce(client_organization_id, client_name) as client,
        any_value(client_name order by contract_id) as client_name,
        client_group,
        sum(balance_amount) as balance_cny
    from guarantees.contract
    where status = '在保' and currency = 'CNY' and coalesce(client_organization_id, client_name) is not null
    group by all
),

exposures as (
    select guarantor_id, 'client' as kind, any_value(client_name order by client_name) as who, sum(balance_cny) as balance_cny
    from contracts
    group by guarantor_id, client

    union all

    select guarantor_id, 'group' as kind, client_group as who, sum(balance_cny) as balance_cny
    from contracts
    where client_group is not null
    group by guarantor_id, client_group
),

reported as (
    select guarantor_id, 'client' as kind, null as who, largest_client_cny as balance_cny
    from newest

    union all

    select guarantor_id, 'group' as kind, null as who, largest_group_cny as balance_cny
    from newest
),

named as (
    select *, 'contracts' as said_by
    from exposures

    union all

    select *, 'report' as said_by
    from reported
)

select
    named.guarantor_id,
    institution.legal_name as guarantor,
    newest.period,
    named.kind,
    named.who,
    named.said_by,
    named.balance_cny,
    newest.net_assets_cny,
    round(named.balance_cny / newest.net_assets_cny, 4) as share
from named
join newest using (guarantor_id)
left join guarantees.institution as institution using (guarantor_id)
where
    named.balance_cny > newest.net_assets_cny
    * case named.kind when 'client' then $client_share else $group_share end
order by named.guarantor_id, named.kind, named.balance_cny desc, named.said_by, named.who
