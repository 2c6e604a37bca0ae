with

repeated_keys as (
    {{ repeated_keys('stg_crm__orders', 'order_id') }}
)

select * from repeated_keys
