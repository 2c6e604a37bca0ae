{%- set window_months = setting('rfm_window_months') %}

with

sales as (
    select * from {{ ref('strata', 'int_sales_as_of') }}
),

engagement as (
    select * from {{ ref('strata', 'int_engagement_as_of') }}
),

satisfaction as (
    select * from {{ ref('strata', 'int_satisfaction_as_of') }}
),

customers as (
    select
        customer_id,
        market,
        registration_date,
        start_date
    from {{ ref('strata', 'int_customers') }}
),

purchase_cycles as (
    {{ rows_in_force(ref('purchase_cycles'), ['typical_gap_days', 'min_purchase_days']) }}
),

measured as (
    select
        sales.customer_id,
        customers.market,
        case
            when sales.lifetime_orders = 0 then null
            when sales.purchase_days >= purchase_cycles.min_purchase_days then 'own'
            else 'market'
        end as cycle_basis,
        cast(sales.lifetime_orders as integer) as lifetime_orders,
        cast(sales.orders_12m as integer) as orders_12m,
        cast(sales.orders_previous_12m as integer) as orders_previous_12m,
        cast(sales.purchase_days as integer) as purchase_days,
        cast(least({{ bit_count('sales.months_12m') }}, 12) as integer) as active_months_12m,
        {{ days_between('customers.start_date', 'sales.evaluation_date') }} as tenure_days,
        case
            when customers.registration_date <= sales.evaluation_date
                then {{ days_between('customers.registration_date', 'sales.evaluation_date') }}
        end as days_since_registration,
        {{ days_between('sales.first_order_date', 'sales.evaluation_date') }} as days_since_first_order,
        {{ days_between('sales.last_order_date', 'sales.evaluation_date') }} as days_since_last_order,
        {{ days_between('engagement.last_interaction_date', 'sales.evaluation_date') }}
            as days_since_last_interaction,
        cast({{ days_between('sales.first_order_date', 'sales.last_order_date') }} as {{ type_double() }})
        / nullif(sales.purchase_days - 1, 0) as mean_gap_days,
        sales.median_gap_days,
        case
            when sales.lifetime_orders = 0 then null
            when sales.purchase_days >= purchase_cycles.min_purchase_days then sales.median_gap_days
            else cast(purchase_cycles.typical_gap_days as {{ type_double() }})
        end as typical_gap_days,
        sales.longest_gap_ended_90d_days,
        cast(sales.lifetime_net_revenue as decimal(18, 2)) as lifetime_net_revenue,
        cast(sales.net_revenue_12m as decimal(18, 2)) as net_revenue_12m,
        cast(sales.net_revenue_6m as decimal(18, 2)) as net_revenue_6m,
        cast(sales.lifetime_margin as decimal(18, 2)) as lifetime_margin,
        cast(sales.lifetime_costed_revenue as decimal(18, 2)) as lifetime_costed_revenue,
        cast(sales.margin_12m as decimal(18, 2)) as margin_12m,
        cast(sales.lifetime_refunded as decimal(18, 2)) as lifetime_refunded,
        cast(case when sales.lifetime_orders > 0 then sales.first_day_revenue end as decimal(18, 2))
            as first_day_net_revenue,
        cast(sales.{{ 'window_orders' if window_months else 'lifetime_orders' }} as integer) as rfm_orders,
        cast(sales.{{ 'window_revenue' if window_months else 'lifetime_net_revenue' }} as decimal(18, 2))
            as rfm_revenue,
        {{ unless_missing('engagement.views_90d', 'web_events') }} as views_90d,
        {{ unless_missing('engagement.carts_90d', 'web_events') }} as carts_90d,
        {{ unless_missing('engagement.inquiries_90d', 'interactions') }} as inquiries_90d,
        {{ unless_missing('satisfaction.response_count', 'feedback') }} as response_count,
        satisfaction.satisfaction,
        sales.first_order_date,
        sales.last_order_date,
        engagement.last_interaction_date,
        sales.evaluation_date
    from sales
    inner join customers
        on
            sales.customer_id = customers.customer_id
            and sales.evaluation_date >= customers.start_date
    left join engagement
        on
            sales.customer_id = engagement.customer_id
            and sales.evaluation_date = engagement.evaluation_date
    left join satisfaction
        on
            sales.customer_id = satisfaction.customer_id
            and sales.evaluation_date = satisfaction.evaluation_date
    left join purchase_cycles
        on
            sales.evaluation_date = purchase_cycles.evaluation_date
            and customers.market = purchase_cycles.market
),

measures as (
    select
        measured.*,
        measured.days_since_last_order / nullif(measured.typical_gap_days, 0) as overdue_ratio,
        case
            when measured.net_revenue_12m > measured.net_revenue_6m
                then
                    cast(measured.net_revenue_6m as {{ type_double() }})
                    / cast(measured.net_revenue_12m - measured.net_revenue_6m as {{ type_double() }})
        end as revenue_trend
    from measured
)

select * from measures
