{{ config(materialized='table') }}  -- the order lines are read once, their summary often

with

order_items as (
    select
        product_id,
        customer_id,
        quantity,
        reporting_amount,
        order_date
    from {{ ref('strata', 'int_order_items_checked') }}
    where fate = 'used'
),

customer_products as (
    select
        customer_id,
        product_id,
        cast(count(*) as integer) as order_lines,
        cast(sum(quantity) as decimal(24, 6)) as quantity,
        cast(sum(reporting_amount) as decimal(18, 2)) as amount,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date
    from order_items
    group by
        customer_id,
        product_id
)

select * from customer_products
