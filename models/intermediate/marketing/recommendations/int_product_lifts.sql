{{ config(materialized='table') }}  -- the self-join of all baskets; read once for each direction of a pair

with

policies as (
    select
        market,
        max_basket_products
    from {{ ref('strata', 'int_recommendation_policies') }}
),

purchases as (
    select * from {{ ref('strata', 'int_recent_purchases') }}
),

baskets as (
    select
        purchases.customer_id,
        purchases.market
    from purchases
    inner join policies on purchases.market = policies.market
    group by
        purchases.customer_id,
        purchases.market,
        policies.max_basket_products
    having count(*) <= policies.max_basket_products
),

basket_products as (
    select
        purchases.customer_id,
        purchases.product_id
    from purchases
    inner join baskets on purchases.customer_id = baskets.customer_id
),

supports as (
    select
        product_id,
        count(*) as customers
    from basket_products
    group by product_id
),

all_baskets as (
    select count(*) as customers
    from baskets
),

-- Each pair once: both of its directions have the same lift.
counted as (
    select
        basket_products.product_id,
        others.product_id as related_product_id,
        count(*) as pair_customers
    from basket_products
    inner join basket_products as others
        on
            basket_products.customer_id = others.customer_id
            and basket_products.product_id < others.product_id
    group by
        basket_products.product_id,
        others.product_id
),

measured as (
    select
        counted.product_id,
        counted.related_product_id,
        counted.pair_customers,
        cast(counted.pair_customers * all_baskets.customers as {{ type_double() }})
        / cast(supports.customers * others.customers as {{ type_double() }}) as lift
    from counted
    cross join all_baskets
    inner join supports on counted.product_id = supports.product_id
    inner join supports as others on counted.related_product_id = others.product_id
)

select * from measured
