{{ config(materialized='table') }}  -- small, and joined to many customers

with

policies as (
    select
        market,
        best_sellers_per_segment,
        min_segment_buyers
    from {{ ref('strata', 'int_recommendation_policies') }}
),

segments as (
    select
        policies.market,
        labels.segment_code as rfm_segment,
        policies.best_sellers_per_segment,
        policies.min_segment_buyers
    from policies
    cross join {{ ref('rfm_segment_labels') }} as labels
),

reach as (
    select * from {{ ref('strata', 'int_product_reach') }}
),

recommendable as (
    select product_id
    from {{ ref('strata', 'int_recommendable_products') }}
),

-- The narrowest circle with buyers enough, one of whom bought the product, is the one that tells.
shared as (
    select
        segments.market,
        segments.rfm_segment,
        everyone.product_id,
        coalesce(of_segment.basis, of_market.basis, everyone.basis) as basis,
        coalesce(of_segment.customer_share, of_market.customer_share, everyone.customer_share)
            as customer_share,
        segments.best_sellers_per_segment
    from segments
    cross join reach as everyone
    inner join recommendable on everyone.product_id = recommendable.product_id
    left join reach as of_market
        on
            segments.market = of_market.market
            and of_market.basis = 'market'
            and everyone.product_id = of_market.product_id
            and segments.min_segment_buyers <= of_market.buyers
    left join reach as of_segment
        on
            segments.market = of_segment.market
            and of_segment.basis = 'segment'
            and segments.rfm_segment = of_segment.rfm_segment
            and everyone.product_id = of_segment.product_id
            and segments.min_segment_buyers <= of_segment.buyers
    where everyone.basis = 'all'
),

ranked as (
    select
        market,
        rfm_segment,
        product_id,
        basis,
        customer_share,
        best_sellers_per_segment,
        row_number() over (
            partition by market, rfm_segment
            order by
                case basis when 'segment' then 1 when 'market' then 2 else 3 end asc,
                customer_share desc nulls last,
                product_id asc nulls last
        ) as seller_rank
    from shared
),

best_sellers as (
    select
        market,
        rfm_segment,
        product_id,
        basis,
        customer_share,
        seller_rank
    from ranked
    where seller_rank <= best_sellers_per_segment
)

select * from best_sellers
