{{ config(materialized='table') }}  -- the longest raw table, and read by costs, demand, affinities and quality
{%- set raw = raw_columns('order_items') %}
{#- the reporting currency has no rate #}
{%- set converted_amount -%}
    case
        when orders.exchange_rate is null then order_items.amount
        else {{ converted('order_items.amount', 'orders.exchange_rate') }}
    end
{%- endset %}

with

{{ rows_by_key('order_items', raw, 'order_items', 'order_item_id') }},

-- A credit is no sale, nor are its items.
{{ orders_by_key(credits=true) }},

products as (
    select
        products.product_id,
        products.product_key,
        coalesce(product_categories.is_revenue, true) as is_revenue
    from {{ ref('strata', 'int_products_checked') }} as products
    left join {{ ref('product_categories') }} as product_categories
        on products.category = product_categories.category
    where products.fate = 'used'
),

items_with_amounts as (
    select
        order_items.*,
        {{ item_amount('order_items') }} as amount,
        -- rounded after the multiplication: a screw may cost .004, and 0.4 of a kilogram be sold
        {{ as_money(at_price('order_items.quantity', 'order_items.unit_cost', 6), decimals=12) }} as cost
    from order_items
),

looked_up as (
    select
        order_items.*,
        coalesce(orders.order_id, erased_orders.order_id, order_items.order_id) as known_order_id,
        coalesce(products.product_id, order_items.product_id) as known_product_id,
        orders.customer_id,
        orders.order_date,
        coalesce(orders.currency, erased_orders.currency) as currency,
        orders.exchange_rate,
        {{ as_money(converted_amount) }} as reporting_amount,
        case
            when orders.exchange_rate is null then order_items.cost
            else {{ converted('order_items.cost', 'orders.exchange_rate') }}
        end as converted_cost,
        {{ name_list({
            'duplicate_key': 'order_items.is_superseded',
            'unknown_product':
                'order_items.product_id is not null and products.product_id is null',
            'orphan_row': 'order_items.order_id is not null and ' ~ order_is_missing(),
            'invalid_number':
                'order_items.amount is null and order_items.quantity is not null '
                ~ 'and order_items.unit_price is not null or '
                ~ converts_to_too_much('order_items', converted_amount),
        }, also='case when orders.is_credit then '
        ~ without_defect('order_items.defects', 'negative_amount')
        ~ ' else order_items.defects end') }} as all_defects,
        {{ order_exclusion('orders.order_date', not_a_sale='not products.is_revenue') }} as exclusion
    from items_with_amounts as order_items
    {{ join_orders('order_items') }}
    left join products on {{ reference_key('order_items.product_id') }} = products.product_key
),

checked as (
    select
        -- of an erased person only hashes stay
        case
            when exclusion = 'erased_customer' then {{ salted_hash('order_item_id') }}
            else order_item_id
        end as order_item_id,
        known_order_id as order_id,
        known_product_id as product_id,
        customer_id,
        currency,
        exchange_rate,
        quantity,
        amount,
        reporting_amount,
        {{ as_money('converted_cost') }} as reporting_cost,
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
