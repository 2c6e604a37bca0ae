{{ config(materialized='table') }}  -- adds up the largest raw table, and is read twice

with

months as (
    select
        month_index,
        month
    from {{ ref('strata', 'int_covered_months') }}
),

tiers as (
    select
        customer_id,
        start_tier_code as tier_code,
        month
    from {{ ref('strata', 'int_tier_moves') }}
),

products as (
    select
        product_id,
        category
    from {{ ref('strata', 'int_products_checked') }}
    where fate = 'used'
),

items as (
    select
        items.order_id,
        items.customer_id,
        coalesce(products.category, 'unknown') as category,
        items.reporting_amount as revenue,
        items.quantity,
        {{ month_index('items.order_date') }} as month_index
    from {{ ref('strata', 'int_order_items_checked') }} as items
    left join products on items.product_id = products.product_id
    where items.fate = 'used'
),

-- First by order: counting distinct ones is dearer.
ordered as (
    select
        order_id,
        customer_id,
        category,
        month_index,
        sum(revenue) as revenue,
        sum(quantity) as quantity
    from items
    group by
        order_id,
        customer_id,
        category,
        month_index
),

customer_months as (
    select
        ordered.customer_id,
        ordered.category,
        sum(ordered.revenue) as revenue,
        sum(ordered.quantity) as quantity,
        count(*) as orders,
        months.month_index,
        months.month
    from ordered
    inner join months on ordered.month_index = months.month_index
    group by
        ordered.customer_id,
        ordered.category,
        months.month_index,
        months.month
),

tiered as (
    select
        customer_months.customer_id,
        coalesce(tiers.tier_code, 'none') as tier_code,
        customer_months.category,
        cast(customer_months.revenue as decimal(18, 2)) as revenue,
        cast(customer_months.quantity as decimal(24, 6)) as quantity,
        cast(customer_months.orders as integer) as orders,
        customer_months.month_index
    from customer_months
    left join tiers
        on
            customer_months.customer_id = tiers.customer_id
            and customer_months.month = tiers.month
)

select * from tiered
