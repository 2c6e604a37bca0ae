with

order_items as (
    select
        order_id,
        quantity,
        unit_cost,
        exchange_rate,
        fate
    from {{ ref('strata', 'int_order_items_checked') }}
    -- an older row of an item says nothing, whatever else is wrong with it
    where fate = 'used' or (fate = 'quarantined' and defects not like '%,duplicate_key,%')
),

-- Rounded after the multiplication: a screw may cost .004, and 0.4 of a kilogram be sold.
items_with_costs as (
    select
        order_id,
        {{ as_money(at_price('quantity', 'unit_cost', 6), decimals=12) }} as cost,
        exchange_rate,
        fate
    from order_items
),

items_at_rates as (
    select
        order_id,
        case when exchange_rate is null then cost else {{ converted('cost', 'exchange_rate') }} end as cost,
        fate
    from items_with_costs
),

reporting_costs as (
    select
        order_id,
        case when fate = 'used' then {{ as_money('cost') }} end as cost
    from items_at_rates
),

-- An order of which one item has no usable cost has none.
order_costs as (
    select
        order_id,
        cast(sum(cost) as decimal(18, 2)) as cost_of_goods
    from reporting_costs
    group by order_id
    having count(*) = count(cost)
)

select * from order_costs
