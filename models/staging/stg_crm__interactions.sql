{%- set raw = raw_columns('interactions') %}

with

source as (
    select * from {{ strata.raw('interactions') }}
),

{{ read_values(raw, 'interactions') }},

typed as (
    select
        {{ typed(raw, 'interaction_id') }} as interaction_id,
        {{ typed(raw, 'customer_id') }} as customer_id,
        {{ typed(raw, 'source_system') }} as source_system,
        {{ typed(raw, 'interaction_type') }} as interaction_type,
        {{ typed(raw, 'channel') }} as channel,
        {{ typed(raw, 'started_at') }} as started_at,
        {{ typed(raw, 'resolved_at') }} as resolved_at,
        {{ business_date(typed(raw, 'started_at')) }} as interaction_date,
        {{ row_defects(raw) }} as defects,
        {{ nulled_columns(raw) }} as nulled_columns,
        {{ adjusted_columns(raw, 'interactions') }} as adjusted_columns,
        {{ raw_values(raw) }}
    from casts
)

select * from typed
