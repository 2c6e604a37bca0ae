with

source as (
    select * from {{ source('crm', 'order_items') }}
),

typed as (
    select
        {{ typed('order_items', 'order_item_id') }} as order_item_id,
        {{ typed('order_items', 'order_id') }} as order_id,
        {{ typed('order_items', 'product_id') }} as product_id,
        {{ typed('order_items', 'quantity') }} as quantity,
        {{ typed('order_items', 'unit_price') }} as unit_price,
        {{ typed('order_items', 'discount_amount') }} as discount_amount,
        {{ typed('order_items', 'unit_cost') }} as unit_cost,
        {{ row_defects('order_items') }} as defects,
        {{ nulled_columns('order_items') }} as nulled_columns,
        {{ raw_values('order_items') }}
    from source
)

select * from typed
