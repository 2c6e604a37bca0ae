with

source as (
    select * from {{ source('crm', 'orders') }}
),

typed as (
    select
        {{ typed('orders', 'order_id') }} as order_id,
        {{ typed('orders', 'customer_id') }} as customer_id,
        {{ typed('orders', 'ordered_at') }} as ordered_at,
        {{ typed('orders', 'status') }} as status,
        {{ typed('orders', 'channel') }} as channel,
        {{ typed('orders', 'currency') }} as currency,
        {{ typed('orders', 'amount') }} as amount,
        {{ typed('orders', 'discount_amount') }} as discount_amount,
        {{ typed('orders', 'tax_amount') }} as tax_amount,
        {{ typed('orders', 'shipping_amount') }} as shipping_amount,
        {{ typed('orders', 'updated_at') }} as updated_at,
        {{ business_date(typed('orders', 'ordered_at')) }} as order_date,
        {{ row_defects('orders') }} as defects,
        {{ nulled_columns('orders') }} as nulled_columns,
        {{ raw_values('orders') }}
    from source
)

select * from typed
