with

repeated_keys as (
    {{ repeated_keys('stg_crm__interactions', 'interaction_id') }}
)

select * from repeated_keys
