-- One row a version of a product: what it said from the night it was first seen to the night it said something else, or was gone.
-- A new version begins only when something that is published changed. The last version of a product that is gone is `withdrawn`; it
-- says what the one before said. Withheld versions change nothing. An offer that had ended before it was first seen is doubtful.
-- A product may change its record, as when its bank's code is written another way: on the night on which it does, the old record goes
-- before the new one comes.
{% set story = "partition by product_id order by run_date asc, change = 'removed' desc, src_record_id asc" -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_affected(ref('int_financial_product__affected'), ['product_id']) }}",
) }}

with accepted as (
    select * from {{ ref('int_financial_product__accepted') }}
    where {{ only_affected(ref('int_financial_product__affected'), ['product_id']) }}
),

newest as (
    select
        product_id,
        rule is null as is_newest_good
    from accepted
    qualify row_number() over ({{ story }}) = count(*) over (partition by product_id)
),

marked as (
    select
        *,
        min(run_date) over (partition by product_id) as first_seen_on,
        case when change = 'removed' then 'gone' else {{ row_hash(product_content() + ['criteria', 'is_doubtful']) }} end as state
    from accepted
    where rule is null
),

compared as (
    select
        *,
        lag(state) over ({{ story }}) as previous_state
    from marked
),

turns as (
    select
        *,
        cast(row_number() over story as integer) as version,
        run_date as valid_from,
        lead(run_date) over story as valid_to
    from compared
    where state is distinct from previous_state and not (state = 'gone' and previous_state is null)
    window story as ({{ story }})
)

select
    turns.product_id,
    turns.version,
    {% for column in product_content() -%}
    {% if column == 'status' -%}
    case when turns.state = 'gone' then 'withdrawn' else turns.status end as status,
    {%- elif column in ('jurisdiction', 'institution_id', 'product_no') -%}
    turns.{{ column }},
    {%- else -%}
    case when turns.state = 'gone' then before.{{ column }} else turns.{{ column }} end as {{ column }},
    {%- endif %}
    {% endfor -%}
    case when turns.state <> 'gone' then turns.criteria end as criteria,
    turns.valid_from,
    turns.valid_to,
    turns.state <> 'gone' and turns.valid_to is null as is_current,
    coalesce(
        (turns.state = 'gone' and before.is_doubtful) or turns.is_doubtful or turns.stated_to < turns.first_seen_on
        or (turns.valid_to is null and not newest.is_newest_good),
        false
    ) as is_doubtful,
    {{ record_names('turns') }}
from turns
inner join newest
    on turns.product_id = newest.product_id
left join turns as before
    on turns.product_id = before.product_id
    and turns.version = before.version + 1
