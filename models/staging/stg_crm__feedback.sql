with

source as (
    select * from {{ source('crm', 'feedback') }}
),

typed as (
    select
        {{ typed('feedback', 'feedback_id') }} as feedback_id,
        {{ typed('feedback', 'customer_id') }} as customer_id,
        {{ typed('feedback', 'order_id') }} as order_id,
        {{ typed('feedback', 'feedback_type') }} as feedback_type,
        {{ typed('feedback', 'score') }} as score,
        {{ typed('feedback', 'submitted_at') }} as submitted_at,
        {{ business_date(typed('feedback', 'submitted_at')) }} as feedback_date,
        {{ row_defects('feedback') }} as defects,
        {{ nulled_columns('feedback') }} as nulled_columns,
        {{ raw_values('feedback') }}
    from source
)

select * from typed
