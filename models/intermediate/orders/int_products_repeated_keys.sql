with

repeated_keys as (
    {{ repeated_keys('stg_crm__products', 'product_id') }}
)

select * from repeated_keys
