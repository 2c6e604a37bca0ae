with

customers as (
    select
        customer_id,
        market,
        rfm_segment
    from {{ ref('customer_tier_history') }}
    where is_current
),

policies as (
    select
        market,
        window_start_date
    from {{ ref('int_recommendation_policies') }}
),

recent_purchases as (
    select
        customer_products.customer_id,
        customer_products.product_id,
        customers.market,
        customers.rfm_segment
    from {{ ref('int_customer_products') }} as customer_products
    inner join customers on customer_products.customer_id = customers.customer_id
    inner join policies on customers.market = policies.market
    where customer_products.last_order_date > policies.window_start_date
)

select * from recent_purchases
