{{ config(materialized='table') }}  -- read once for each evaluation date

with

sales as (
    select
        sales.customer_id,
        sales.order_date,
        sales.reporting_amount,
        sales.reporting_amount - order_costs.cost_of_goods as margin,
        case when order_costs.order_id is not null then sales.reporting_amount end as costed_revenue
    from {{ ref('strata', 'int_sales') }} as sales
    left join {{ ref('strata', 'int_order_costs') }} as order_costs
        on sales.order_id = order_costs.order_id
),

-- A refund takes its amount from the margin; the goods are not taken to come back.
refunds as (
    select
        refunds.customer_id,
        refunds.sale_date,
        refunds.known_date,
        refunds.reporting_amount,
        case when order_costs.order_id is not null then -refunds.reporting_amount end as margin
    from {{ ref('strata', 'int_refunds') }} as refunds
    left join {{ ref('strata', 'int_order_costs') }} as order_costs
        on refunds.order_id = order_costs.order_id
),

purchase_days as (
    select
        customer_id,
        order_date as sale_date,
        order_date as known_date,
        cast(power(2, mod({{ month_index('order_date') }}, 13)) as integer) as month_bit,
        1 as purchase_days,
        {{ days_between(
            'lag(order_date) over (partition by customer_id order by order_date nulls last)', 'order_date'
        ) }} as gap_days,
        cast(count(*) as integer) as orders,
        cast(sum(reporting_amount) as decimal(18, 2)) as net_revenue,
        cast(sum(margin) as decimal(18, 2)) as margin,
        cast(sum(costed_revenue) as decimal(18, 2)) as costed_revenue,
        cast(0 as decimal(18, 2)) as refunded,
        cast(0 as decimal(18, 2)) as first_day_refunded
    from sales
    group by
        customer_id,
        order_date
),

first_days as (
    select
        customer_id,
        sale_date as first_order_date
    from purchase_days
    where gap_days is null
),

-- A credit that names no order may be of a day, or a customer, without sales.
refund_days as (
    select
        refunds.customer_id,
        refunds.sale_date,
        refunds.known_date,
        0 as month_bit,
        0 as purchase_days,
        cast(null as integer) as gap_days,
        0 as orders,
        cast(-sum(refunds.reporting_amount) as decimal(18, 2)) as net_revenue,
        cast(sum(refunds.margin) as decimal(18, 2)) as margin,
        cast(sum(refunds.margin) as decimal(18, 2)) as costed_revenue,
        cast(sum(refunds.reporting_amount) as decimal(18, 2)) as refunded,
        cast(
            sum(case when first_days.customer_id is not null then refunds.reporting_amount else 0 end)
            as decimal(18, 2)
        ) as first_day_refunded
    from refunds
    left join first_days
        on
            refunds.customer_id = first_days.customer_id
            and refunds.sale_date = first_days.first_order_date
    group by
        refunds.customer_id,
        refunds.sale_date,
        refunds.known_date
),

-- The day from which a customer is one, if not for a sale.
start_days as (
    select
        registrations.customer_id,
        cast(null as date) as sale_date,
        coalesce(registrations.registration_date, registrations.update_date, {{ as_of_date() }})
            as known_date,
        0 as month_bit,
        0 as purchase_days,
        cast(null as integer) as gap_days,
        0 as orders,
        cast(0 as decimal(18, 2)) as net_revenue,
        cast(null as decimal(18, 2)) as margin,
        cast(null as decimal(18, 2)) as costed_revenue,
        cast(0 as decimal(18, 2)) as refunded,
        cast(0 as decimal(18, 2)) as first_day_refunded
    from {{ ref('strata', 'int_customer_registrations') }} as registrations
    left join first_days on registrations.customer_id = first_days.customer_id
    where registrations.registration_date is not null or first_days.customer_id is null
),

customer_days as (
    select * from purchase_days
    union all
    select * from refund_days
    union all
    select * from start_days
)

select * from customer_days
