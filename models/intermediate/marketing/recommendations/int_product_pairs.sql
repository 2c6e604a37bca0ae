{{ config(materialized='table') }}  -- joined twice to all purchases

with

policies as (
    select
        market,
        min_pair_customers,
        min_lift,
        related_per_product
    from {{ ref('strata', 'int_recommendation_policies') }}
),

lifts as (
    select * from {{ ref('strata', 'int_product_lifts') }}
),

both_ways as (
    select
        product_id,
        related_product_id,
        pair_customers,
        lift
    from lifts
    union all
    select
        related_product_id as product_id,
        product_id as related_product_id,
        pair_customers,
        lift
    from lifts
),

recommendable as (
    select product_id
    from {{ ref('strata', 'int_recommendable_products') }}
),

placed as (
    select
        policies.market,
        both_ways.product_id,
        both_ways.related_product_id,
        both_ways.pair_customers,
        both_ways.lift,
        policies.related_per_product,
        row_number() over (
            partition by policies.market, both_ways.product_id
            order by
                both_ways.lift desc nulls last,
                both_ways.pair_customers desc nulls last,
                both_ways.related_product_id asc nulls last
        ) as related_rank
    from both_ways
    inner join recommendable on both_ways.related_product_id = recommendable.product_id
    inner join policies
        on
            both_ways.pair_customers >= policies.min_pair_customers
            and both_ways.lift >= policies.min_lift
),

-- One number says which of two pairs is the better, so that the best is a plain minimum.
ranked as (
    select
        market,
        product_id,
        related_product_id,
        pair_customers,
        lift,
        related_rank,
        cast(
            row_number() over (
                order by
                    lift desc nulls last,
                    pair_customers desc nulls last,
                    related_product_id asc nulls last,
                    product_id asc nulls last,
                    market asc nulls last
            ) as integer
        ) as pair_rank
    from placed
    where related_rank <= related_per_product
)

select * from ranked
