{%- set raw = raw_columns('refunds') %}

with

source as (
    select * from {{ strata.raw('refunds') }}
),

{{ read_values(raw, 'refunds') }},

typed as (
    select
        {{ typed(raw, 'refund_id') }} as refund_id,
        {{ typed(raw, 'order_id') }} as order_id,
        {{ typed(raw, 'refunded_at') }} as refunded_at,
        {{ typed(raw, 'amount') }} as amount,
        {{ typed(raw, 'reason') }} as reason,
        {{ business_date(typed(raw, 'refunded_at')) }} as refund_date,
        {{ row_defects(raw) }} as defects,
        {{ nulled_columns(raw) }} as nulled_columns,
        {{ adjusted_columns(raw, 'refunds') }} as adjusted_columns,
        {{ raw_values(raw) }}
    from casts
)

select * from typed
