with

repeated_keys as (
    {{ repeated_keys('stg_crm__customers', 'customer_id') }}
)

select * from repeated_keys
