with

repeated_keys as (
    {{ repeated_keys('stg_crm__refunds', 'refund_id') }}
)

select * from repeated_keys
