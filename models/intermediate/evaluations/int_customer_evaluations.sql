-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
{%- set dates = evaluation_dates() %}
{%- set window_months = var('rfm_window_months') %}

with

customers as (
    select
        customer_id,
        market,
        first_day_revenue,
        start_date
    from {{ ref('int_customers') }}
),
{% if dates[0].is_frozen %}
-- Frozen months are evaluated only for customers that the history does not know yet.
stored_customers as (
    select customer_id
    from {{ stored_history() }}
    where is_current
),

days_of_new_customers as (
    select customer_days.*
    from {{ ref('int_customer_days') }} as customer_days
    left join stored_customers on customer_days.customer_id = stored_customers.customer_id
    where stored_customers.customer_id is null
),
{% endif %}
-- One as-of aggregate for each date: measured to be the fastest shape.
measured as (
    {%- for evaluation in dates %}
    {%- set after_12m = date_literal(months_before(evaluation.date, 12)) %}
    {%- set after_6m = date_literal(months_before(evaluation.date, 6)) %}
    select
        customer_id,
        {{ date_literal(evaluation.date) }} as evaluation_date,
        min(sale_date) as first_order_date,
        max(sale_date) as last_order_date,
        sum(orders) as lifetime_orders,
        sum(purchase_days) as purchase_days,
        sum(case when sale_date > {{ after_12m }} then orders else 0 end) as orders_12m,
        bit_or(case when sale_date > {{ after_12m }} then month_bit else 0 end) as months_12m,
        sum(net_revenue) as lifetime_net_revenue,
        sum(case when sale_date > {{ after_12m }} then net_revenue else 0 end) as net_revenue_12m,
        sum(case when sale_date > {{ after_6m }} then net_revenue else 0 end) as net_revenue_6m,
        sum(refunded) as lifetime_refunded,
        sum(first_day_refunded) as first_day_refunded
        {%- if window_months not in (none, 12) %}
        {%- set after = date_literal(months_before(evaluation.date, window_months)) %},
        sum(case when sale_date > {{ after }} then orders else 0 end) as rfm_orders,
        sum(case when sale_date > {{ after }} then net_revenue else 0 end) as rfm_revenue
        {%- endif %}
    from {{ 'days_of_new_customers' if evaluation.is_frozen else ref('int_customer_days') }}
    where known_date <= {{ date_literal(evaluation.date) }}
    group by customer_id
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

evaluations as (
    select
        measured.customer_id,
        customers.market,
        cast(measured.lifetime_orders as integer) as lifetime_orders,
        cast(measured.orders_12m as integer) as orders_12m,
        cast(measured.purchase_days as integer) as purchase_days,
        cast(least({{ bit_count('measured.months_12m') }}, 12) as integer) as active_months_12m,
        {{ days_between('customers.start_date', 'measured.evaluation_date') }}
            as tenure_days,
        {{ days_between('measured.last_order_date', 'measured.evaluation_date') }}
            as days_since_last_order,
        cast(
            {{ days_between('measured.first_order_date', 'measured.last_order_date') }}
            as {{ type_double() }}
        ) / nullif(measured.purchase_days - 1, 0) as mean_gap_days,
        cast(measured.lifetime_net_revenue as decimal(18, 2)) as lifetime_net_revenue,
        cast(measured.net_revenue_12m as decimal(18, 2)) as net_revenue_12m,
        cast(measured.net_revenue_6m as decimal(18, 2)) as net_revenue_6m,
        cast(measured.lifetime_refunded as decimal(18, 2)) as lifetime_refunded,
        {%- if window_months is none %}
        cast(measured.lifetime_orders as integer) as rfm_orders,
        cast(measured.lifetime_net_revenue as decimal(18, 2)) as rfm_revenue,
        {%- elif window_months == 12 %}
        cast(measured.orders_12m as integer) as rfm_orders,
        cast(measured.net_revenue_12m as decimal(18, 2)) as rfm_revenue,
        {%- else %}
        cast(measured.rfm_orders as integer) as rfm_orders,
        cast(measured.rfm_revenue as decimal(18, 2)) as rfm_revenue,
        {%- endif %}
        case
            when measured.lifetime_orders > 0
                then cast(
                    customers.first_day_revenue - measured.first_day_refunded as decimal(18, 2)
                )
        end as first_day_net_revenue,
        cast(null as {{ type_double() }}) as composite_score,
        measured.first_order_date,
        measured.last_order_date,
        measured.evaluation_date
    from measured
    inner join customers on measured.customer_id = customers.customer_id
)

select * from evaluations
