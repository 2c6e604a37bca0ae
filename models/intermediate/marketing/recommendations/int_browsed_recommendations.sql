with

customers as (
    select
        customer_id,
        min_browse_events,
        max_recommendations
    from {{ ref('strata', 'int_recommendation_customers') }}
),

browsed_products as (
    select * from {{ ref('strata', 'int_browsed_products') }}
),

recommendable as (
    select
        product_id,
        is_consumable
    from {{ ref('strata', 'int_recommendable_products') }}
),

placed as (
    select
        browsed_products.customer_id,
        browsed_products.product_id,
        browsed_products.browse_events,
        customers.max_recommendations,
        row_number() over (
            partition by browsed_products.customer_id
            order by
                browsed_products.browse_events desc nulls last,
                browsed_products.last_browsed_date desc nulls last,
                browsed_products.product_id asc nulls last
        ) as place
    from browsed_products
    inner join customers on browsed_products.customer_id = customers.customer_id
    inner join recommendable on browsed_products.product_id = recommendable.product_id
    where
        browsed_products.browse_events >= customers.min_browse_events
        and (not browsed_products.is_bought_before or recommendable.is_consumable)
),

first_ones as (
    select
        customer_id,
        product_id,
        browse_events,
        place
    from placed
    where place <= max_recommendations
)

select * from first_ones
