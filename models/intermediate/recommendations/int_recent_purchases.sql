with

-- Left, so that no plan compares their purchases with the policies of all markets.
customers as (
    select
        history.customer_id,
        history.market,
        history.rfm_segment,
        policies.window_start_date
    from {{ ref('customer_tier_history') }} as history
    left join {{ ref('int_recommendation_policies') }} as policies on history.market = policies.market
    where history.is_current
),

recent_purchases as (
    select
        customer_products.customer_id,
        customer_products.product_id,
        customers.market,
        customers.rfm_segment
    from {{ ref('int_customer_products') }} as customer_products
    inner join customers on customer_products.customer_id = customers.customer_id
    where customer_products.last_order_date > customers.window_start_date
)

select * from recent_purchases
