-- In each covered month the tiers and categories together have the used items of the month, to the
-- cent, and so have the segments of each attribute, with the same pieces.

with

months as (
    select
        month_index,
        month
    from {{ ref('strata', 'int_covered_months') }}
),

items as (
    select
        {{ month_index('order_date') }} as month_index,
        quantity,
        case
            when exchange_rate is null then amount
            else cast(amount * exchange_rate as decimal(18, 2))
        end as revenue
    from {{ ref('strata', 'int_order_items_checked') }}
    where fate = 'used'
),

used as (
    select
        months.month,
        sum(items.quantity) as quantity,
        sum(items.revenue) as revenue
    from items
    inner join months on items.month_index = months.month_index
    group by months.month
),

demand as (
    select
        'all' as attribute,
        month,
        quantity,
        revenue
    from {{ ref('strata', 'segment_product_demand') }}
    union all
    select
        attribute,
        month,
        quantity,
        revenue
    from {{ ref('strata', 'attribute_product_demand') }}
),

told as (
    select
        attribute,
        month,
        sum(quantity) as quantity,
        sum(revenue) as revenue
    from demand
    group by
        attribute,
        month
),

attributes as (
    select attribute
    from {{ ref('attributes') }}
    union all
    select 'all' as attribute
),

needed as (
    select
        attributes.attribute,
        used.month,
        used.quantity,
        used.revenue
    from used
    cross join attributes
),

compared as (
    select
        coalesce(needed.attribute, told.attribute) as attribute,
        coalesce(needed.month, told.month) as month,
        coalesce(needed.quantity, 0) as used_quantity,
        coalesce(told.quantity, 0) as told_quantity,
        coalesce(needed.revenue, 0) as used_revenue,
        coalesce(told.revenue, 0) as told_revenue
    from needed
    full join told
        on
            needed.attribute = told.attribute
            and needed.month = told.month
)

select * from compared
where
    used_quantity <> told_quantity
    or used_revenue <> told_revenue
