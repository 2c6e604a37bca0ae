with

source as (
    select * from {{ source('crm', 'web_events') }}
),

typed as (
    select
        {{ typed('web_events', 'event_id') }} as event_id,
        {{ typed('web_events', 'customer_id') }} as customer_id,
        {{ typed('web_events', 'event_type') }} as event_type,
        {{ typed('web_events', 'product_id') }} as product_id,
        {{ typed('web_events', 'channel') }} as channel,
        {{ typed('web_events', 'occurred_at') }} as occurred_at,
        {{ business_date(typed('web_events', 'occurred_at')) }} as event_date,
        {{ row_defects('web_events') }} as defects,
        {{ nulled_columns('web_events') }} as nulled_columns,
        {{ raw_values('web_events') }}
    from source
)

select * from typed
