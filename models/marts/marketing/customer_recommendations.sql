with

recommended as (
    select * from {{ ref('strata', 'int_personal_recommendations') }}
    union all
    select
        customer_id,
        product_id,
        cast(null as {{ dbt.type_string() }}) as because_product_id,
        'best_seller' as reason,
        3 as reason_order,
        place,
        customer_share as score
    from {{ ref('strata', 'int_popular_recommendations') }}
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

customers as (
    select
        customer_id,
        market,
        max_recommendations,
        evaluation_date
    from {{ ref('strata', 'int_recommendation_customers') }}
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
    inner join {{ ref('strata', 'int_recommendable_products') }} as products
        on ranked.product_id = products.product_id
    where ranked.rank <= customers.max_recommendations
)

select * from customer_recommendations
