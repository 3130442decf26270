-- Compensation rates of guarantors, by year and industry, and who recovers less and less
--
-- One row a guarantor and year over all industries, by its own quarters (paid in place of clients over guarantees that
-- ended), and one a guarantor, year and industry, by its contracts (payments of the year over contracts that ended or
-- were paid for). Industries are sections of GB/T 4754, also of contracts that state a code without its letter.
-- `is_alarming` marks a year above the rate in which a smaller part was recovered than in the year before it.
-- :rate decimal = 0.03  only rows above this rate; 0 for all with a payment
with contracts as (
    select
        contract.*,
        coalesce(known.section, nullif(regexp_extract(contract.industry, '^[A-T]'), ''), '未知') as section
    from guarantees.contract as contract
    left join reference.industry as known on contract.industry = known.code
),

by_quarters as (
    select
        guarantor_id,
        left(period, 4)::integer as year,
        '全部' as industry,
        sum(compensated_period_cny) as compensated_cny,
        sum(released_period_cny) as released_cny,
        sum(recovered_period_cny) as recovered_cny
    from guarantees.institution_quarter
    group by all
),

payments as (
    select
        contract.guarantor_id,
        year(payment.paid_on) as year,
        contract.section as industry,
        sum(payment.amount) as compensated_cny,
        sum(payment.recovered_amount) as recovered_cny
    from guarantees.compensation as payment
    join contracts as contract using (contract_id)
    where payment.currency = 'CNY'
    group by all
),

ended as (
    select
        guarantor_id,
        left(report_period, 4)::integer as year,
        section as industry,
        sum(principal_amount) as released_cny
    from contracts
    where status <> '在保' and currency = 'CNY'
    group by all
),

rates as (
    select * from by_quarters

    union all by name

    select * from payments
    left join ended using (guarantor_id, year, industry)
),

recovered as (
    select
        *,
        compensated_cny / nullif(released_cny, 0) as rate,
        recovered_cny / nullif(compensated_cny, 0) as recovery
    from rates
),

compared as (
    select
        *,
        max(recovery) over (
            partition by guarantor_id, industry order by year range between 1 preceding and 1 preceding
        ) as recovery_before
    from recovered
)

select
    compared.guarantor_id,
    institution.legal_name as guarantor,
    compared.year,
    compared.industry,
    compared.compensated_cny,
    compared.released_cny,
    round(compared.rate, 6) as compensation_rate,
    round(compared.recovery, 6) as recovery_rate,
    round(compared.recovery_before, 6) as recovery_rate_before,
    coalesce(compared.recovery < compared.recovery_before, false) as is_alarming
from compared
left join guarantees.institution as institution using (guarantor_id)
where compared.compensated_cny > 0 and (compared.rate > $rate or compared.rate is null)
order by compensation_rate desc nulls first, guarantor_id, year, industry
