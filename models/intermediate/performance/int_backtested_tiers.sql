{{ config(materialized='table') }}  -- few rows of many, and its own test reads it too
{%- set forecasts = ['expected', 'baseline', 'naive'] %}

with

snapshots as (
    select
        *,
        cast(net_revenue as {{ type_double() }}) as brought
    from {{ ref('strata', 'int_backtested_snapshots') }}
),

by_tier as (
    select
        tier_code,
        tier_rank,
        count(*) as customers,
        sum(case when orders > 0 then 1 else 0 end) as buyers,
        sum(case when lifetime_orders > 0 then 1 else 0 end) as prior_buyers,
        sum(case when lifetime_orders > 0 and orders > 0 then 1 else 0 end) as returning_buyers,
        sum(case when is_out_of_sample then 1 else 0 end) as out_of_sample_customers,
        sum(orders) as orders,
        sum(purchase_days) as purchase_days,
        sum(net_revenue) as net_revenue,
        count(p_alive) as alive_customers,
        sum(p_alive) as p_alive,
        sum(expected_orders) as expected_orders,
        {{ each('count({}_revenue) as {}_customers', forecasts) }},
        {{ each('sum({}_revenue) as {}_revenue', forecasts) }},
        {{ each('sum(abs({}_revenue - brought)) as {}_error', forecasts) }},
        evaluation_date,
        horizon_date
    from snapshots
    group by
        tier_code,
        tier_rank,
        evaluation_date,
        horizon_date
),

of_all as (
    select
        'all' as tier_code,
        cast(null as integer) as tier_rank,
        {{ each('sum({}) as {}', [
            'customers', 'buyers', 'prior_buyers', 'returning_buyers', 'out_of_sample_customers', 'orders',
            'purchase_days', 'net_revenue', 'alive_customers', 'p_alive', 'expected_orders',
        ]) }},
        {{ each('sum({}_customers) as {}_customers', forecasts) }},
        {{ each('sum({}_revenue) as {}_revenue', forecasts) }},
        {{ each('sum({}_error) as {}_error', forecasts) }},
        evaluation_date,
        horizon_date
    from by_tier
    group by
        evaluation_date,
        horizon_date
),

united as (
    select * from by_tier
    union all
    select * from of_all
),

backtested as (
    select
        tier_code,
        tier_rank,
        cast(customers as integer) as customers,
        cast(buyers as integer) as buyers,
        cast(prior_buyers as integer) as prior_buyers,
        cast(returning_buyers as integer) as returning_buyers,
        cast(orders as integer) as orders,
        cast(purchase_days as integer) as purchase_days,
        cast(net_revenue as decimal(18, 2)) as net_revenue,
        p_alive / nullif(alive_customers, 0) as mean_p_alive,
        -- one customer without a forecast leaves the tier without one
        case when expected_customers = customers then expected_orders end as expected_orders,
        {{ each('case when {}_customers = customers then {}_revenue end as {}_revenue', forecasts) }},
        {{ each('case when {}_customers = customers then {}_error / customers end as {}_error', forecasts) }},
        out_of_sample_customers = customers as is_out_of_sample,
        evaluation_date,
        horizon_date
    from united
)

select * from backtested
