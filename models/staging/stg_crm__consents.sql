with

source as (
    select * from {{ source('crm', 'consents') }}
),

typed as (
    select
        {{ typed('consents', 'customer_id') }} as customer_id,
        {{ typed('consents', 'channel') }} as channel,
        {{ typed('consents', 'status') }} as status,
        {{ typed('consents', 'changed_at') }} as changed_at,
        {{ business_date(typed('consents', 'changed_at')) }} as consent_date,
        {{ row_defects('consents') }} as defects,
        {{ nulled_columns('consents') }} as nulled_columns,
        {{ raw_values('consents') }}
    from source
)

select * from typed
