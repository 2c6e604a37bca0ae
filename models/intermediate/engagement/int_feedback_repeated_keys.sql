with

repeated_keys as (
    {{ repeated_keys('stg_crm__feedback', 'feedback_id') }}
)

select * from repeated_keys
