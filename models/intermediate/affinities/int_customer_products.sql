{{ config(materialized='table') }}  -- the order lines are read once, their summary often

with

order_items as (
    select
        order_id,
        product_id,
        customer_id,
        quantity,
        order_date,
        case
            when currency = '{{ var("reporting_currency") }}' then amount
            else cast(amount * exchange_rate as decimal(18, 2))
        end as reporting_amount
    from {{ ref('int_order_items_checked') }}
    where fate = 'used'
),

-- One row per order and product first: to count the orders of 10 million pairs as distinct is dear.
order_products as (
    select
        order_id,
        product_id,
        customer_id,
        count(*) as order_lines,
        sum(quantity) as quantity,
        sum(reporting_amount) as amount,
        order_date
    from order_items
    group by
        order_id,
        product_id,
        customer_id,
        order_date
),

customer_products as (
    select
        customer_id,
        product_id,
        cast(count(*) as integer) as orders,
        cast(sum(order_lines) as integer) as order_lines,
        cast(sum(quantity) as bigint) as quantity,
        cast(sum(amount) as decimal(18, 2)) as amount,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date
    from order_products
    group by
        customer_id,
        product_id
)

select * from customer_products
