{{ config(materialized='table') }}  -- all purchases times their related products

with

-- Left, to keep a planner from comparing their places with the policies of all markets.
pairs as (
    select
        product_pairs.*,
        policies.max_recommendations
    from {{ ref('strata', 'int_product_pairs') }} as product_pairs
    left join {{ ref('strata', 'int_recommendation_policies') }} as policies
        on product_pairs.market = policies.market
),

recommendable as (
    select
        product_id,
        is_consumable
    from {{ ref('strata', 'int_recommendable_products') }}
),

-- Of the purchases that a product goes with, the strongest pair counts.
related as (
    select
        purchases.customer_id,
        pairs.related_product_id as product_id,
        min(pairs.pair_rank) as pair_rank
    from {{ ref('strata', 'int_recent_purchases') }} as purchases
    inner join pairs
        on
            purchases.market = pairs.market
            and purchases.product_id = pairs.product_id
    group by
        purchases.customer_id,
        pairs.related_product_id
),

new_to_the_customer as (
    select
        related.customer_id,
        related.pair_rank
    from related
    inner join recommendable on related.product_id = recommendable.product_id
    left join {{ ref('strata', 'int_customer_products') }} as bought
        on
            related.customer_id = bought.customer_id
            and related.product_id = bought.product_id
    left join {{ ref('strata', 'int_browsed_recommendations') }} as browsed
        on
            related.customer_id = browsed.customer_id
            and related.product_id = browsed.product_id
    where
        browsed.customer_id is null
        and (bought.customer_id is null or recommendable.is_consumable)
),

placed as (
    select
        customer_id,
        pair_rank,
        row_number() over (partition by customer_id order by pair_rank nulls last) as place
    from new_to_the_customer
),

first_ones as (
    select
        placed.customer_id,
        pairs.related_product_id as product_id,
        pairs.product_id as because_product_id,
        pairs.lift,
        placed.place
    from placed
    inner join pairs on placed.pair_rank = pairs.pair_rank
    where placed.place <= pairs.max_recommendations
)

select * from first_ones
