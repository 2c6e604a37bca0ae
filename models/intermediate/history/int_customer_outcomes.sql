{{ config(materialized='table') }}  -- read by the back-test of the tiers and that of candidate rules

with

days as (
    select
        customer_id,
        orders,
        purchase_days,
        net_revenue,
        sale_date,
        known_date
    from {{ ref('strata', 'int_customer_days') }}
    where sale_date is not null
),

dates as (
    select
        evaluation_date,
        horizon_date
    from {{ ref('strata', 'int_evaluation_dates') }}
    where horizon_date is not null
),

outcomes as (
    select
        days.customer_id,
        cast(sum(days.orders) as integer) as orders_next_90d,
        cast(sum(days.purchase_days) as integer) as purchase_days_next_90d,
        cast(sum(days.net_revenue) as decimal(18, 2)) as net_revenue_next_90d,
        dates.evaluation_date
    from days
    inner join dates
        on
            days.sale_date > dates.evaluation_date
            and days.sale_date <= dates.horizon_date
            and days.known_date <= dates.horizon_date
    group by
        days.customer_id,
        dates.evaluation_date
)

select * from outcomes
