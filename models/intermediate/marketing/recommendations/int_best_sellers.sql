{{ config(materialized='table') }}  -- small, and joined to many customers
{%- set double = type_double() %}

with

buyers as (
    select
        market,
        rfm_segment,
        count(distinct customer_id) as customers
    from {{ ref('strata', 'int_recent_purchases') }}
    group by
        market,
        rfm_segment
),

buyers_of_products as (
    select
        market,
        rfm_segment,
        product_id,
        count(*) as customers
    from {{ ref('strata', 'int_recent_purchases') }}
    group by
        market,
        rfm_segment,
        product_id
),

-- A customer is in one market and one segment, so that the buyers of a market, and of all, are sums.
segments as (
    select
        policies.market,
        labels.segment_code as rfm_segment,
        policies.best_sellers_per_segment,
        policies.min_segment_buyers,
        buyers.customers as segment_buyers,
        sum(buyers.customers) over (partition by policies.market) as market_buyers,
        sum(buyers.customers) over () as all_buyers
    from {{ ref('strata', 'int_recommendation_policies') }} as policies
    cross join {{ ref('rfm_segment_labels') }} as labels
    left join buyers
        on
            policies.market = buyers.market
            and labels.segment_code = buyers.rfm_segment
),

reach as (
    select
        segments.*,
        products.product_id,
        bought.customers as in_segment,
        sum(bought.customers) over (partition by segments.market, products.product_id) as in_market,
        sum(bought.customers) over (partition by products.product_id) as in_all
    from segments
    cross join {{ ref('strata', 'int_recommendable_products') }} as products
    left join buyers_of_products as bought
        on
            segments.market = bought.market
            and segments.rfm_segment = bought.rfm_segment
            and products.product_id = bought.product_id
),

-- The narrowest circle with buyers enough, one of whom bought the product, is the one that tells.
told as (
    select
        *,
        case
            when segment_buyers >= min_segment_buyers and in_segment > 0 then 1
            when market_buyers >= min_segment_buyers and in_market > 0 then 2
            else 3
        end as circle
    from reach
    where in_all > 0
),

shared as (
    select
        *,
        case circle
            when 1 then cast(in_segment as {{ double }}) / cast(segment_buyers as {{ double }})
            when 2 then cast(in_market as {{ double }}) / cast(market_buyers as {{ double }})
            else cast(in_all as {{ double }}) / cast(all_buyers as {{ double }})
        end as customer_share
    from told
),

ranked as (
    select
        market,
        rfm_segment,
        product_id,
        case circle when 1 then 'segment' when 2 then 'market' else 'all' end as basis,
        customer_share,
        best_sellers_per_segment,
        row_number() over (
            partition by market, rfm_segment
            order by
                circle asc nulls last,
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
