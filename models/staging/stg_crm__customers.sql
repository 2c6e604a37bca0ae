{%- set raw = raw_columns('customers') %}

with

source as (
    select * from {{ strata.raw('customers') }}
),

{{ read_values(raw, 'customers') }},

typed as (
    select
        {{ typed(raw, 'customer_id') }} as customer_id,
        {{ typed(raw, 'source_system') }} as source_system,
        {{ typed(raw, 'email') }} as email,
        {{ typed(raw, 'phone') }} as phone,
        {{ typed(raw, 'full_name') }} as full_name,
        {{ typed(raw, 'customer_type') }} as customer_type,
        {{ typed(raw, 'parent_customer_id') }} as parent_customer_id,
        {{ typed(raw, 'birth_date') }} as birth_date,
        {{ typed(raw, 'gender') }} as gender,
        {{ typed(raw, 'occupation') }} as occupation,
        {{ typed(raw, 'income_band') }} as income_band,
        {{ typed(raw, 'industry') }} as industry,
        {{ typed(raw, 'employee_count') }} as employee_count,
        {{ typed(raw, 'country') }} as country,
        {{ typed(raw, 'region') }} as region,
        {{ typed(raw, 'city') }} as city,
        {{ typed(raw, 'acquisition_channel') }} as acquisition_channel,
        {{ typed(raw, 'registered_at') }} as registered_at,
        {{ typed(raw, 'is_test') }} as is_test,
        {{ typed(raw, 'deleted_at') }} as deleted_at,
        {{ typed(raw, 'updated_at') }} as updated_at,
        {{ typed(raw, 'owner_id') }} as owner_id,
        {{ typed(raw, 'owner_assigned_at') }} as owner_assigned_at,
        {{ business_date(typed(raw, 'registered_at')) }} as registration_date,
        {{ business_date(typed(raw, 'updated_at')) }} as update_date,
        {{ row_defects(raw) }} as defects,
        {{ nulled_columns(raw) }} as nulled_columns,
        {{ adjusted_columns(raw, 'customers') }} as adjusted_columns,
        {{ raw_values(raw) }}
    from casts
)

select * from typed
