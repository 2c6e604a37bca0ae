-- In each month of the history but the first, the tiers and `none` together have the used orders of
-- the month, the refunds and credits of these orders, and the credits of the month that name none, to the
-- cent.

with

facts as (
    select
        {{ month_index('order_date') }} as month_index,
        1 as orders,
        reporting_amount - prepaid_amount as gross_revenue,
        0 as refunded
    from {{ ref('strata', 'int_orders_checked') }}
    where fate = 'used' and not is_credit
    union all
    select
        {{ month_index('order_date') }} as month_index,
        0 as orders,
        0 as gross_revenue,
        reporting_amount as refunded
    from {{ ref('strata', 'int_refunds_checked') }}
    where fate = 'used'
    union all
    select
        {{ month_index('sale_date') }} as month_index,
        0 as orders,
        0 as gross_revenue,
        -reporting_amount as refunded
    from {{ ref('strata', 'int_credits_checked') }}
    where fate = 'used'
),

first_month as (
    select min(month_index) as month_index
    from {{ ref('strata', 'int_evaluation_dates') }}
),

used as (
    select
        facts.month_index,
        sum(facts.orders) as orders,
        sum(facts.gross_revenue) as gross_revenue,
        sum(facts.refunded) as refunded
    from facts
    cross join first_month
    where facts.month_index > first_month.month_index
    group by facts.month_index
),

told as (
    select
        {{ month_index('month') }} as month_index,
        sum(orders) as orders,
        sum(gross_revenue) as gross_revenue,
        sum(refunded) as refunded,
        sum(net_revenue) as net_revenue
    from {{ ref('strata', 'tier_performance') }}
    group by {{ month_index('month') }}
),

compared as (
    select
        coalesce(used.month_index, told.month_index) as month_index,
        coalesce(used.orders, 0) as used_orders,
        coalesce(told.orders, 0) as told_orders,
        coalesce(used.gross_revenue, 0) as used_gross_revenue,
        coalesce(told.gross_revenue, 0) as told_gross_revenue,
        coalesce(used.refunded, 0) as used_refunded,
        coalesce(told.refunded, 0) as told_refunded,
        coalesce(told.net_revenue, 0) as told_net_revenue
    from used
    full join told on used.month_index = told.month_index
)

select * from compared
where
    used_orders <> told_orders
    or used_gross_revenue <> told_gross_revenue
    or used_refunded <> told_refunded
    or used_gross_revenue - used_refunded <> told_net_revenue
