-- One row a guarantor and quarter: what the guarantor last said of that quarter. A correction of an old quarter changes that quarter only.
{{ config(materialized='table') }}

with standing as (
    {{ standing(ref('int_guarantor_quarter__accepted'), ref('int_guarantor_quarter__versions'), ['guarantor_id']) }}
),

figures as (
    select
        *,
        try_cast(
            weighted_liability_cny / case
                when net_assets_cny > coalesce(equity_in_guarantors_cny, 0) then net_assets_cny - coalesce(equity_in_guarantors_cny, 0)
            end as decimal(12, 6)
        ) as leverage_ratio,
        try_cast(compensated_period_cny / nullif(released_period_cny, 0) as decimal(12, 6)) as compensation_ratio
    from standing
    qualify row_number() over (partition by guarantor_id, period order by run_date desc, src_record_id asc) = 1
)

select
    {{ with_provenance(
        ['guarantor_id', 'period', 'net_assets_cny', 'equity_in_guarantors_cny', 'balance_cny', 'weighted_liability_cny', 'micro_balance_cny',
         'micro_clients', 'clients', 'released_period_cny', 'compensated_period_cny', 'recovered_period_cny', 'fee_ratio_avg', 'asset_i_cny',
         'asset_ii_cny', 'asset_iii_cny', 'assets_cny', 'largest_client_cny', 'largest_group_cny', 'leverage_ratio', 'compensation_ratio'],
        "case when is_newest_good and caution is null then 'pass' else 'warn' end",
    ) }}
from figures
