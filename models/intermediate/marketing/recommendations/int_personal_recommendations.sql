{{ config(materialized='table') }}  -- all purchases times their related products

with

-- What they looked at and did not order since, unless they have it and it is no consumable.
browsed_products as (
    select
        browsed.customer_id,
        browsed.product_id,
        browsed.browse_events,
        customers.max_recommendations,
        row_number() over (
            partition by browsed.customer_id
            order by
                browsed.browse_events desc nulls last,
                browsed.last_browsed_date desc nulls last,
                browsed.product_id asc nulls last
        ) as place
    from {{ ref('strata', 'int_browsed_products') }} as browsed
    inner join {{ ref('strata', 'int_recommendation_customers') }} as customers
        on browsed.customer_id = customers.customer_id
    inner join {{ ref('strata', 'int_recommendable_products') }} as products
        on browsed.product_id = products.product_id
    where
        browsed.browse_events >= customers.min_browse_events
        and (not browsed.is_bought_before or products.is_consumable)
),

browsed as (
    select * from browsed_products
    where place <= max_recommendations
),

-- Left, to keep a planner from comparing their places with the policies of all markets.
pairs as (
    select
        product_pairs.*,
        policies.max_recommendations
    from {{ ref('strata', 'int_product_pairs') }} as product_pairs
    left join {{ ref('strata', 'int_recommendation_policies') }} as policies
        on product_pairs.market = policies.market
),

-- What is not to be shown has the best rank of all, so that one minimum says what is left: a join of
-- all pairs with all that was bought would be dearer.
considered as (
    select
        purchases.customer_id,
        pairs.related_product_id as product_id,
        pairs.pair_rank
    from {{ ref('strata', 'int_recent_purchases') }} as purchases
    inner join pairs
        on
            purchases.market = pairs.market
            and purchases.product_id = pairs.product_id
    union all
    select
        bought.customer_id,
        bought.product_id,
        0 as pair_rank
    from {{ ref('strata', 'int_customer_products') }} as bought
    inner join {{ ref('strata', 'int_recommendable_products') }} as products
        on bought.product_id = products.product_id
    where not products.is_consumable
    union all
    select
        customer_id,
        product_id,
        0 as pair_rank
    from browsed
),

-- Of the purchases that a product goes with, the strongest pair counts.
related as (
    select
        customer_id,
        min(pair_rank) as pair_rank
    from considered
    group by
        customer_id,
        product_id
    having min(pair_rank) > 0
),

placed as (
    select
        customer_id,
        pair_rank,
        row_number() over (partition by customer_id order by pair_rank nulls last) as place
    from related
),

personal as (
    select
        customer_id,
        product_id,
        cast(null as {{ dbt.type_string() }}) as because_product_id,
        'browsed' as reason,
        1 as reason_order,
        place,
        cast(browse_events as {{ type_double() }}) as score
    from browsed
    union all
    select
        placed.customer_id,
        pairs.related_product_id as product_id,
        pairs.product_id as because_product_id,
        'bought_together' as reason,
        2 as reason_order,
        placed.place,
        pairs.lift as score
    from placed
    inner join pairs on placed.pair_rank = pairs.pair_rank
    where placed.place <= pairs.max_recommendations
)

select * from personal
