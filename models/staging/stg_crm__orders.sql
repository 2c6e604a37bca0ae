{%- set raw = raw_columns('orders') %}

with

source as (
    select * from {{ strata.raw('orders') }}
),

{{ read_values(raw, 'orders') }},

typed as (
    select
        {{ typed(raw, 'order_id') }} as order_id,
        {{ typed(raw, 'customer_id') }} as customer_id,
        {{ typed(raw, 'source_system') }} as source_system,
        {{ typed(raw, 'email') }} as email,
        {{ typed(raw, 'phone') }} as phone,
        {{ typed(raw, 'original_order_id') }} as original_order_id,
        {{ typed(raw, 'ordered_at') }} as ordered_at,
        {{ typed(raw, 'status') }} as status,
        {{ typed(raw, 'channel') }} as channel,
        {{ typed(raw, 'currency') }} as currency,
        {{ typed(raw, 'amount') }} as amount,
        {{ typed(raw, 'discount_amount') }} as discount_amount,
        {{ typed(raw, 'tax_amount') }} as tax_amount,
        {{ typed(raw, 'shipping_amount') }} as shipping_amount,
        {{ typed(raw, 'updated_at') }} as updated_at,
        {{ business_date(typed(raw, 'ordered_at')) }} as order_date,
        {{ row_defects(raw) }} as defects,
        {{ nulled_columns(raw) }} as nulled_columns,
        {{ adjusted_columns(raw, 'orders') }} as adjusted_columns,
        {{ raw_values(raw) }}
    from casts
)

select * from typed
