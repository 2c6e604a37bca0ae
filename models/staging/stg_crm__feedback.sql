{%- set raw = raw_columns('feedback') %}

with

source as (
    select * from {{ strata.raw('feedback') }}
),

{{ read_values(raw, 'feedback') }},

typed as (
    select
        {{ typed(raw, 'feedback_id') }} as feedback_id,
        {{ typed(raw, 'customer_id') }} as customer_id,
        {{ typed(raw, 'source_system') }} as source_system,
        {{ typed(raw, 'order_id') }} as order_id,
        {{ typed(raw, 'feedback_type') }} as feedback_type,
        {{ typed(raw, 'score') }} as score,
        {{ typed(raw, 'submitted_at') }} as submitted_at,
        {{ business_date(typed(raw, 'submitted_at')) }} as feedback_date,
        {{ row_defects(raw) }} as defects,
        {{ nulled_columns(raw) }} as nulled_columns,
        {{ adjusted_columns(raw, 'feedback') }} as adjusted_columns,
        {{ raw_values(raw) }}
    from casts
)

select * from typed
