{{ config(materialized='table') }}  -- the longest raw table, and read by costs, demand, affinities and quality
{%- set raw = raw_columns('order_items') %}

with

{{ rows_by_key('order_items', raw, 'order_items', 'order_item_id') }},

orders as (
    select
        order_id,
        customer_id,
        order_date,
        currency,
        exchange_rate,
        exclusion,
        fate
    from {{ ref('int_orders_checked') }}
    where not is_superseded
),

products as (
    select product_id
    from {{ ref('int_products_checked') }}
    where fate = 'used'
),

erased_orders as (
    select
        order_id,
        currency,
        exclusion,
        fate
    from {{ ref('int_orders_checked') }}
    where exclusion = 'erased_customer' and not is_superseded
),

looked_up as (
    select
        order_items.*,
        orders.customer_id,
        orders.order_date,
        coalesce(orders.currency, erased_orders.currency) as currency,
        orders.exchange_rate,
        cast(
            order_items.quantity * order_items.unit_price
            - coalesce(order_items.discount_amount, 0) as decimal(18, 2)
        ) as amount,
        {{ name_list({
            'duplicate_key': 'order_items.is_superseded',
            'unknown_product':
                'order_items.product_id is not null and products.product_id is null',
            'orphan_row': 'order_items.order_id is not null and ' ~ order_is_missing(),
        }, also='order_items.defects') }} as all_defects,
        {{ order_exclusion('orders.order_date') }} as exclusion
    from order_items
    left join orders on order_items.order_id = orders.order_id
    left join erased_orders
        on case
            when orders.order_id is null then {{ salted_hash('order_items.order_id') }}
        end = erased_orders.order_id
    left join products on order_items.product_id = products.product_id
),

checked as (
    select
        -- of an erased person only hashes stay
        {%- for key in ['order_item_id', 'order_id'] %}
        case
            when exclusion = 'erased_customer' then {{ salted_hash(key) }}
            else {{ key }}
        end as {{ key }},
        {%- endfor %}
        product_id,
        customer_id,
        currency,
        exchange_rate,
        quantity,
        unit_cost,
        amount,
        cast(amount * coalesce(exchange_rate, 1) as decimal(18, 2)) as reporting_amount,
        order_date,
        nulled_columns,
        case
            when all_defects is not null and coalesce(exclusion, '') <> 'erased_customer'
                then {{ raw_row(raw) }}
        end as raw_row,
        all_defects as defects,
        exclusion,
        {{ row_fate('all_defects', 'exclusion') }} as fate
    from looked_up
)

select * from checked
