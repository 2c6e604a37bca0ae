with

source as (
    select * from {{ source('crm', 'erasure_requests') }}
),

typed as (
    select
        {{ typed('erasure_requests', 'customer_id') }} as customer_id,
        {{ typed('erasure_requests', 'requested_at') }} as requested_at,
        {{ row_defects('erasure_requests') }} as defects,
        {{ nulled_columns('erasure_requests') }} as nulled_columns,
        {{ raw_values('erasure_requests') }}
    from source
)

select * from typed
