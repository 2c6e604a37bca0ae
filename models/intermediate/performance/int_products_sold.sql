{{ config(materialized='table') }}  -- adds up the largest raw table; small, and read by two marts

with

-- First by order: counting distinct ones is dearer.
ordered as (
    select
        items.order_id,
        items.customer_id,
        coalesce(products.category, 'unknown') as category,
        sum(items.reporting_amount) as revenue,
        sum(items.quantity) as quantity,
        months.month_index,
        months.month
    from {{ ref('strata', 'int_order_items_checked') }} as items
    inner join {{ ref('strata', 'int_covered_months') }} as months
        on {{ month_index('items.order_date') }} = months.month_index
    left join {{ ref('strata', 'int_products_checked') }} as products
        on items.product_id = products.product_id and products.fate = 'used'
    where items.fate = 'used'
    group by
        items.order_id,
        items.customer_id,
        coalesce(products.category, 'unknown'),
        months.month_index,
        months.month
),

customer_months as (
    select
        ordered.customer_id,
        coalesce(tiers.start_tier_code, 'none') as tier_code,
        ordered.category,
        cast(sum(ordered.revenue) as decimal(18, 2)) as revenue,
        cast(sum(ordered.quantity) as decimal(24, 6)) as quantity,
        cast(count(*) as integer) as orders,
        ordered.month_index
    from ordered
    left join {{ ref('strata', 'int_tier_moves') }} as tiers
        on
            ordered.customer_id = tiers.customer_id
            and ordered.month = tiers.month
    group by
        ordered.customer_id,
        coalesce(tiers.start_tier_code, 'none'),
        ordered.category,
        ordered.month_index
),

-- One number for two texts, since every purchase meets all attributes of its customer.
segments as (
    select
        attribute,
        segment_code,
        cast(
            row_number() over (order by attribute asc nulls last, segment_code asc nulls last) as integer
        ) as segment_number
    from {{ ref('attribute_segments') }}
),

customer_segments as (
    select
        attributes.customer_id,
        segments.segment_number
    from {{ ref('strata', 'int_customer_attributes') }} as attributes
    inner join segments
        on
            attributes.attribute = segments.attribute
            and attributes.segment_code = segments.segment_code
),

-- Everybody (0), and each segment of each attribute.
summed as (
    select
        tier_code,
        category,
        {{ each('sum({}) as {}', ['revenue', 'quantity', 'orders']) }},
        count(*) as customers,
        month_index,
        0 as segment_number
    from customer_months
    group by
        tier_code,
        category,
        month_index
    union all
    select
        customer_months.tier_code,
        customer_months.category,
        {{ each('sum(customer_months.{}) as {}', ['revenue', 'quantity', 'orders']) }},
        count(*) as customers,
        customer_months.month_index,
        customer_segments.segment_number
    from customer_months
    inner join customer_segments on customer_months.customer_id = customer_segments.customer_id
    group by
        customer_months.tier_code,
        customer_months.category,
        customer_months.month_index,
        customer_segments.segment_number
),

sold as (
    select
        summed.tier_code,
        coalesce(segments.attribute, 'all') as attribute,
        coalesce(segments.segment_code, 'all') as segment_code,
        summed.category,
        cast(summed.revenue as decimal(18, 2)) as revenue,
        cast(summed.quantity as decimal(24, 6)) as quantity,
        summed.orders,
        summed.customers,
        summed.month_index
    from summed
    left join segments on summed.segment_number = segments.segment_number
)

select * from sold
