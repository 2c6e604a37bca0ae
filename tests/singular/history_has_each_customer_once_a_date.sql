-- On every evaluation date of the history each customer who had started has exactly one row with a
-- known tier, and nobody else has one.

with

dates as (
    select
        evaluation_date,
        count(*) as history_rows,
        count(distinct customer_tier_history.customer_id) as history_customers,
        sum(case when tiers.tier_code is null then 1 else 0 end) as unknown_tiers
    from {{ ref('customer_tier_history') }} as customer_tier_history
    left join {{ ref('tiers') }} as tiers on customer_tier_history.tier_code = tiers.tier_code
    group by evaluation_date
),

expected as (
    select
        dates.evaluation_date,
        count(*) as started_customers
    from dates
    inner join {{ ref('int_customers') }} as customers
        on dates.evaluation_date >= customers.start_date
    group by dates.evaluation_date
)

select
    dates.*,
    expected.started_customers
from dates
left join expected on dates.evaluation_date = expected.evaluation_date
where
    dates.history_rows <> coalesce(expected.started_customers, 0)
    or dates.history_customers <> dates.history_rows
    or dates.unknown_tiers > 0
