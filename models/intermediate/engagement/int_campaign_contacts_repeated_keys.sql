with

repeated_keys as (
    {{ repeated_keys('stg_crm__campaign_contacts', 'contact_id') }}
)

select * from repeated_keys
