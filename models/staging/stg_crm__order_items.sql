{%- set raw = raw_columns('order_items') %}

with

source as (
    select * from {{ strata.raw('order_items') }}
),

{{ read_values(raw, 'order_items') }},

typed as (
    select
        {{ typed(raw, 'order_item_id') }} as order_item_id,
        {{ typed(raw, 'order_id') }} as order_id,
        {{ typed(raw, 'product_id') }} as product_id,
        {{ typed(raw, 'quantity') }} as quantity,
        {{ typed(raw, 'unit_price') }} as unit_price,
        {{ typed(raw, 'discount_amount') }} as discount_amount,
        {{ typed(raw, 'unit_cost') }} as unit_cost,
        {{ row_defects(raw) }} as defects,
        {{ nulled_columns(raw) }} as nulled_columns,
        {{ raw_values(raw) }}
    from casts
)

select * from typed
