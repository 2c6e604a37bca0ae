-- From the order lines to the mart: nobody is recommended a product that they have, unless it is a
-- consumable, nor one that is not on sale yet.

with

recommendations as (
    select
        customer_id,
        product_id,
        evaluation_date
    from {{ ref('strata', 'customer_recommendations') }}
),

consumables as (
    select category
    from {{ ref('product_categories') }}
    where is_consumable
),

products as (
    select
        products.product_id,
        consumables.category is not null as is_consumable,
        {{ business_date('products.launched_at') }} as launch_date
    from {{ ref('strata', 'int_products_checked') }} as products
    left join consumables on products.category = consumables.category
    where products.fate = 'used'
),

bought as (
    select
        customer_id,
        product_id
    from {{ ref('strata', 'int_order_items_checked') }}
    where fate = 'used'
    group by
        customer_id,
        product_id
),

checked as (
    select
        recommendations.customer_id,
        recommendations.product_id,
        case
            when products.product_id is null then 'not a sound product'
            when products.launch_date > recommendations.evaluation_date then 'not on sale yet'
            when bought.product_id is not null and not products.is_consumable then 'bought already'
        end as defect
    from recommendations
    left join products on recommendations.product_id = products.product_id
    left join bought
        on
            recommendations.customer_id = bought.customer_id
            and recommendations.product_id = bought.product_id
)

select * from checked
where defect is not null
