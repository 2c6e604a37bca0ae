with

order_items as (
    select
        order_id,
        quantity,
        unit_cost,
        exchange_rate,
        fate
    from {{ ref('int_order_items_checked') }}
    -- an older row of an item says nothing, whatever else is wrong with it
    where fate = 'used' or (fate = 'quarantined' and defects not like '%,duplicate_key,%')
),

-- An order of which one item has no usable cost has none. The product is a decimal of two places first: with an
-- integer in it, it would have more digits than some engines keep, and would be rounded twice there.
order_costs as (
    select
        order_id,
        cast(
            sum(cast(cast(quantity * unit_cost as decimal(18, 2)) * coalesce(exchange_rate, 1) as decimal(18, 2)))
            as decimal(18, 2)
        ) as cost_of_goods
    from order_items
    group by order_id
    having min(case when fate = 'used' and unit_cost is not null then 1 else 0 end) = 1
)

select * from order_costs
