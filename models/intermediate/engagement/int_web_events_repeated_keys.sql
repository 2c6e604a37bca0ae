with

repeated_keys as (
    {{ repeated_keys('stg_crm__web_events', 'event_id') }}
)

select * from repeated_keys
