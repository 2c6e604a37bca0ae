with

source as (
    select * from {{ source('crm', 'customers') }}
),

typed as (
    select
        {{ typed('customers', 'customer_id') }} as customer_id,
        {{ typed('customers', 'source_system') }} as source_system,
        {{ typed('customers', 'email') }} as email,
        {{ typed('customers', 'phone') }} as phone,
        {{ typed('customers', 'full_name') }} as full_name,
        {{ typed('customers', 'customer_type') }} as customer_type,
        {{ typed('customers', 'parent_customer_id') }} as parent_customer_id,
        {{ typed('customers', 'birth_date') }} as birth_date,
        {{ typed('customers', 'gender') }} as gender,
        {{ typed('customers', 'occupation') }} as occupation,
        {{ typed('customers', 'income_band') }} as income_band,
        {{ typed('customers', 'industry') }} as industry,
        {{ typed('customers', 'employee_count') }} as employee_count,
        {{ typed('customers', 'country') }} as country,
        {{ typed('customers', 'region') }} as region,
        {{ typed('customers', 'city') }} as city,
        {{ typed('customers', 'acquisition_channel') }} as acquisition_channel,
        {{ typed('customers', 'registered_at') }} as registered_at,
        {{ typed('customers', 'is_test') }} as is_test,
        {{ typed('customers', 'deleted_at') }} as deleted_at,
        {{ typed('customers', 'updated_at') }} as updated_at,
        {{ business_date(typed('customers', 'registered_at')) }} as registration_date,
        {{ business_date(typed('customers', 'updated_at')) }} as update_date,
        {{ row_defects('customers') }} as defects,
        {{ nulled_columns('customers') }} as nulled_columns,
        {{ raw_values('customers') }}
    from source
)

select * from typed
