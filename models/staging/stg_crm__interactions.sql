with

source as (
    select * from {{ source('crm', 'interactions') }}
),

typed as (
    select
        {{ typed('interactions', 'interaction_id') }} as interaction_id,
        {{ typed('interactions', 'customer_id') }} as customer_id,
        {{ typed('interactions', 'interaction_type') }} as interaction_type,
        {{ typed('interactions', 'channel') }} as channel,
        {{ typed('interactions', 'started_at') }} as started_at,
        {{ typed('interactions', 'resolved_at') }} as resolved_at,
        {{ business_date(typed('interactions', 'started_at')) }} as interaction_date,
        {{ row_defects('interactions') }} as defects,
        {{ nulled_columns('interactions') }} as nulled_columns,
        {{ raw_values('interactions') }}
    from source
)

select * from typed
