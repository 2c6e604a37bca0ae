{%- set raw = raw_columns('web_events') %}

with

source as (
    select * from {{ strata.raw('web_events') }}
),

{{ read_values(raw, 'web_events') }},

typed as (
    select
        {{ typed(raw, 'event_id') }} as event_id,
        {{ typed(raw, 'customer_id') }} as customer_id,
        {{ typed(raw, 'source_system') }} as source_system,
        {{ typed(raw, 'event_type') }} as event_type,
        {{ typed(raw, 'product_id') }} as product_id,
        {{ typed(raw, 'channel') }} as channel,
        {{ typed(raw, 'occurred_at') }} as occurred_at,
        {{ business_date(typed(raw, 'occurred_at')) }} as event_date,
        {{ row_defects(raw) }} as defects,
        {{ nulled_columns(raw) }} as nulled_columns,
        {{ adjusted_columns(raw, 'web_events') }} as adjusted_columns,
        {{ raw_values(raw) }}
    from casts
)

select * from typed
