with

source as (
    select * from {{ source('crm', 'refunds') }}
),

typed as (
    select
        {{ typed('refunds', 'refund_id') }} as refund_id,
        {{ typed('refunds', 'order_id') }} as order_id,
        {{ typed('refunds', 'refunded_at') }} as refunded_at,
        {{ typed('refunds', 'amount') }} as amount,
        {{ typed('refunds', 'reason') }} as reason,
        {{ business_date(typed('refunds', 'refunded_at')) }} as refund_date,
        {{ row_defects('refunds') }} as defects,
        {{ nulled_columns('refunds') }} as nulled_columns,
        {{ raw_values('refunds') }}
    from source
)

select * from typed
