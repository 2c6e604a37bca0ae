{{ config(materialized='table') }}  -- small, dear, and read by two marts

with

customer_months as (
    select * from {{ ref('strata', 'int_customer_category_months') }}
),

attributes as (
    select * from {{ ref('strata', 'int_customer_attributes') }}
),

-- Everybody, and each segment of each attribute.
sold as (
    select
        tier_code,
        'all' as attribute,
        'all' as segment_code,
        category,
        sum(revenue) as revenue,
        sum(quantity) as quantity,
        sum(orders) as orders,
        count(*) as customers,
        month_index
    from customer_months
    group by
        tier_code,
        category,
        month_index
    union all
    select
        customer_months.tier_code,
        attributes.attribute,
        attributes.segment_code,
        customer_months.category,
        sum(customer_months.revenue) as revenue,
        sum(customer_months.quantity) as quantity,
        sum(customer_months.orders) as orders,
        count(*) as customers,
        customer_months.month_index
    from customer_months
    inner join attributes on customer_months.customer_id = attributes.customer_id
    group by
        customer_months.tier_code,
        attributes.attribute,
        attributes.segment_code,
        customer_months.category,
        customer_months.month_index
)

select * from sold
