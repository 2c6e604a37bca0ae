with

source as (
    select * from {{ source('crm', 'products') }}
),

typed as (
    select
        {{ typed('products', 'product_id') }} as product_id,
        {{ typed('products', 'product_name') }} as product_name,
        {{ typed('products', 'category') }} as category,
        {{ typed('products', 'brand') }} as brand,
        {{ typed('products', 'unit_cost') }} as unit_cost,
        {{ typed('products', 'list_price') }} as list_price,
        {{ typed('products', 'launched_at') }} as launched_at,
        {{ row_defects('products') }} as defects,
        {{ nulled_columns('products') }} as nulled_columns,
        {{ raw_values('products') }}
    from source
)

select * from typed
