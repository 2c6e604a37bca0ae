with

repeated_keys as (
    {{ repeated_keys('stg_crm__order_items', 'order_item_id') }}
)

select * from repeated_keys
