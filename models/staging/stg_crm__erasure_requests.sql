{%- set raw = raw_columns('erasure_requests') %}

with

source as (
    select * from {{ strata.raw('erasure_requests') }}
),

{{ read_values(raw, 'erasure_requests') }},

typed as (
    select
        {{ typed(raw, 'customer_id') }} as customer_id,
        {{ typed(raw, 'source_system') }} as source_system,
        {{ typed(raw, 'requested_at') }} as requested_at,
        {{ row_defects(raw) }} as defects,
        {{ nulled_columns(raw) }} as nulled_columns,
        {{ adjusted_columns(raw, 'erasure_requests') }} as adjusted_columns,
        {{ raw_values(raw) }}
    from casts
)

select * from typed
