-- The payments to be judged again tonight, each by its newest month and against its contract (rule 3.9). A payment whose contract is not
-- known waits in quarantine: without it nobody can tell a payment from a slip, and it is judged again on the night the contract comes.
{{ config(materialized='table') }}

with payments as (
    {{ standing_newest(
        ref('int_guarantee_compensation__accepted'), ref('int_guarantee_compensation__affected'),
        ['src_family', 'resource', 'src_record_id'], 'compensation_id', 'report_period'
    ) }}
),

contracts as (
    select * from {{ ref('contract') }}
),

compared as (
    select
        payments.*,
        contracts.contract_id as known_contract_id,
        contracts.currency,
        contracts.started_on,
        contracts.principal_amount
    from payments
    left join contracts
        on payments.contract_id = contracts.contract_id
)

select
    * exclude (known_contract_id, started_on, principal_amount, rule, reason),
    {{ verdict([
        ('contract_unknown', 'known_contract_id is null', reason('合同编号', 'a contract that the guarantor has reported', 'contract_id')),
        ('paid_before_start', 'paid_on < started_on', reason('代偿日期', 'a day not before the contract began', 'cast(paid_on as varchar)')),
        (
            'amount_above_principal', 'amount > principal_amount',
            reason('代偿金额', 'no more than the guaranteed amount', "amount || ' of ' || principal_amount"),
        ),
    ]) }}
from compared
