with

history as (
    select * from {{ ref('strata', 'customer_tier_history') }}
),

dates as (
    select
        evaluation_date,
        horizon_date
    from {{ ref('strata', 'int_evaluation_dates') }}
    where horizon_date is not null
),

outcomes as (
    select * from {{ ref('strata', 'int_customer_outcomes') }}
),

parameters as (
    select
        market,
        fitted_at,
        evaluation_date
    from {{ ref('strata', 'int_market_parameters') }}
),

retention_rates as (
    {{ retention_rates() }}
),

-- The ranks of today: those of stored months may be of a time with other tiers.
tiers as (
    select
        tier_code,
        tier_rank
    from {{ ref('tiers') }}
),

-- Who never ordered is expected to bring nothing.
backtested as (
    select
        history.customer_id,
        history.tier_code,
        tiers.tier_rank,
        history.lifetime_orders,
        coalesce(outcomes.orders_next_90d, 0) as orders,
        coalesce(outcomes.purchase_days_next_90d, 0) as purchase_days,
        coalesce(parameters.fitted_at <= history.evaluation_date, false) as is_out_of_sample,
        coalesce(outcomes.net_revenue_next_90d, 0) as net_revenue,
        history.p_alive,
        case when history.lifetime_orders = 0 then 0 else history.expected_orders_90d end
            as expected_orders,
        case
            when history.lifetime_orders = 0 then 0
            else history.expected_orders_90d * history.expected_order_value
        end as expected_revenue,
        case
            when history.lifetime_orders = 0 then 0
            else {{ clv_baseline('history', 'retention_rates.retention_rate') }} * 90 / 365
        end as baseline_revenue,
        cast(history.net_revenue_12m as {{ type_double() }}) * 90 / 365 as naive_revenue,
        history.evaluation_date,
        dates.horizon_date
    from history
    inner join dates on history.evaluation_date = dates.evaluation_date
    inner join tiers on history.tier_code = tiers.tier_code
    left join outcomes
        on
            history.customer_id = outcomes.customer_id
            and history.evaluation_date = outcomes.evaluation_date
    left join parameters
        on
            history.market = parameters.market
            and history.evaluation_date = parameters.evaluation_date
    left join retention_rates
        on
            history.market = retention_rates.market
            and history.evaluation_date = retention_rates.evaluation_date
)

select * from backtested
