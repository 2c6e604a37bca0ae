{{ config(materialized='table') }}  -- so that the mart of customers does not sort the orders

with

orders as (
    select
        customer_id,
        channel,
        cast(extract(hour from {{ business_time('ordered_at') }}) as integer) as hour_of_day,
        -- days since a Monday
        mod({{ days_between("date '1969-12-29'", 'sale_date') }}, 7) + 1 as weekday,
        1 as purchases,
        reporting_amount as amount
    from {{ ref('strata', 'int_transactions') }}
    where is_sale
),

products as (
    select
        customer_products.customer_id,
        products.category,
        products.brand,
        customer_products.order_lines as purchases,
        customer_products.amount
    from {{ ref('strata', 'int_customer_products') }} as customer_products
    inner join {{ ref('strata', 'int_products_checked') }} as products
        on customer_products.product_id = products.product_id
    where products.fate = 'used'
),

affinities as (
    {{ preferred_values('products', 'category') }}
    union all
    {{ preferred_values('products', 'brand') }}
    union all
    {{ preferred_values('orders', 'channel') }}
    union all
    {{ preferred_values('orders', 'hour_of_day') }}
    union all
    {{ preferred_values('orders', 'weekday') }}
)

select * from affinities
