{%- set raw = raw_columns('products') %}

with

source as (
    select * from {{ strata.raw('products') }}
),

{{ read_values(raw, 'products') }},

typed as (
    select
        {{ typed(raw, 'product_id') }} as product_id,
        {{ typed(raw, 'product_name') }} as product_name,
        {{ typed(raw, 'category') }} as category,
        {{ typed(raw, 'brand') }} as brand,
        {{ typed(raw, 'unit_cost') }} as unit_cost,
        {{ typed(raw, 'list_price') }} as list_price,
        {{ typed(raw, 'launched_at') }} as launched_at,
        {{ row_defects(raw) }} as defects,
        {{ nulled_columns(raw) }} as nulled_columns,
        {{ adjusted_columns(raw, 'products') }} as adjusted_columns,
        {{ raw_values(raw) }}
    from casts
)

select * from typed
