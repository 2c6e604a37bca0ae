with

products as (
    select
        product_id,
        product_name,
        coalesce(category, 'unknown') as category
    from {{ ref('strata', 'int_products_checked') }}
    where
        fate = 'used'
        and ({{ business_date('launched_at') }} <= {{ as_of_date() }} or launched_at is null)
),

product_categories as (
    select
        category,
        is_consumable,
        is_revenue
    from {{ ref('product_categories') }}
),

described as (
    select
        products.product_id,
        products.product_name,
        products.category,
        coalesce(product_categories.is_consumable, false) as is_consumable
    from products
    left join product_categories on products.category = product_categories.category
    where coalesce(product_categories.is_revenue, true)
)

select * from described
