-- Every version of a payment with its verdict, against its contract as that stands tonight (rule 3.9). A payment whose contract is not
-- known waits in quarantine: without it nobody can tell a payment from a slip. It is good from the night on which the contract comes.
{{ config(materialized='view') }}

with kept as (
    select
        * exclude (rule, reason),
        rule as row_rule,
        reason as row_reason
    from {{ ref('int_guarantee_compensation__kept') }}
),

contracts as (
    select * from {{ ref('contract') }}
),

compared as (
    select
        kept.*,
        contracts.contract_id as known_contract_id,
        contracts.currency,
        contracts.started_on,
        contracts.principal_amount
    from kept
    left join contracts
        on kept.contract_id = contracts.contract_id
),

judged as (
    select
        * exclude (known_contract_id, started_on, principal_amount),
        {{ verdict([
            ('contract_unknown', 'known_contract_id is null', reason('合同编号', 'a contract that the guarantor has reported', 'contract_id')),
            (
                'paid_before_start', 'paid_on < started_on',
                reason('代偿日期', 'a day not before the contract began', 'cast(paid_on as varchar)'),
            ),
            (
                'amount_above_principal', 'amount > principal_amount',
                reason('代偿金额', 'no more than the guaranteed amount', "amount || ' of ' || principal_amount"),
            ),
        ]) }}
    from compared
)

select
    * exclude (row_rule, row_reason, rule, reason),
    coalesce(row_rule, rule) as rule,
    case when row_rule is null then reason else row_reason end as reason
from judged
