with

customers as (
    select
        customer_id,
        market,
        rfm_segment,
        window_start_date
    from {{ ref('strata', 'int_recommendation_customers') }}
),

recent_purchases as (
    select
        customer_products.customer_id,
        customer_products.product_id,
        customers.market,
        customers.rfm_segment
    from {{ ref('strata', 'int_customer_products') }} as customer_products
    inner join customers on customer_products.customer_id = customers.customer_id
    where customer_products.last_order_date > customers.window_start_date
)

select * from recent_purchases
