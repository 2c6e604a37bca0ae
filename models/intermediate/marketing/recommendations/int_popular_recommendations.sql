{{ config(materialized='table') }}  -- its own test reads it too
with

personal as (
    select
        customer_id,
        product_id
    from {{ ref('strata', 'int_personal_recommendations') }}
),

personal_counts as (
    select
        customer_id,
        count(*) as recommendations
    from personal
    group by customer_id
),

-- Only who has fewer than the most, so that few customers meet the best sellers.
wanting as (
    select
        customers.customer_id,
        customers.market,
        customers.rfm_segment,
        customers.max_recommendations
    from {{ ref('strata', 'int_recommendation_customers') }} as customers
    left join personal_counts on customers.customer_id = personal_counts.customer_id
    where coalesce(personal_counts.recommendations, 0) < customers.max_recommendations
),

new_to_the_customer as (
    select
        wanting.customer_id,
        best_sellers.product_id,
        best_sellers.customer_share,
        wanting.max_recommendations,
        row_number() over (
            partition by wanting.customer_id
            order by best_sellers.seller_rank nulls last
        ) as place
    from wanting
    inner join {{ ref('strata', 'int_best_sellers') }} as best_sellers
        on
            wanting.market = best_sellers.market
            and wanting.rfm_segment = best_sellers.rfm_segment
    inner join {{ ref('strata', 'int_recommendable_products') }} as products
        on best_sellers.product_id = products.product_id
    left join {{ ref('strata', 'int_customer_products') }} as bought
        on
            wanting.customer_id = bought.customer_id
            and best_sellers.product_id = bought.product_id
    left join personal
        on
            wanting.customer_id = personal.customer_id
            and best_sellers.product_id = personal.product_id
    where
        personal.customer_id is null
        and (bought.customer_id is null or products.is_consumable)
),

first_ones as (
    select
        customer_id,
        product_id,
        customer_share,
        place
    from new_to_the_customer
    where place <= max_recommendations
)

select * from first_ones
