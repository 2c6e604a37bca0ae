with

customers as (
    select * from {{ ref('strata', 'int_recommendation_customers') }}
),

products as (
    select * from {{ ref('strata', 'int_recommendable_products') }}
),

personal as (
    select * from {{ ref('strata', 'int_personal_recommendations') }}
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
    select customers.*
    from customers
    left join personal_counts on customers.customer_id = personal_counts.customer_id
    where coalesce(personal_counts.recommendations, 0) < customers.max_recommendations
),

popular as (
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
    inner join products on best_sellers.product_id = products.product_id
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

recommended as (
    select * from personal
    union all
    select
        customer_id,
        product_id,
        cast(null as {{ dbt.type_string() }}) as because_product_id,
        'best_seller' as reason,
        3 as reason_order,
        place,
        customer_share as score
    from popular
    where place <= max_recommendations
),

ranked as (
    select
        customer_id,
        product_id,
        because_product_id,
        reason,
        row_number() over (partition by customer_id order by reason_order, place) as rank,
        score
    from recommended
),

customer_recommendations as (
    select
        ranked.customer_id,
        ranked.product_id,
        ranked.because_product_id,
        customers.market,
        products.product_name,
        products.category,
        ranked.reason,
        cast(ranked.rank as integer) as rank,
        ranked.score,
        customers.evaluation_date
    from ranked
    inner join customers on ranked.customer_id = customers.customer_id
    inner join products on ranked.product_id = products.product_id
    where ranked.rank <= customers.max_recommendations
)

select * from customer_recommendations
