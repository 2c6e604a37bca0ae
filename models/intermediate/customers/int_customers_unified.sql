{{ config(materialized='table') }}  -- read by every table that has a customer

with

records as (
    select
        customer_id as record_id,
        case
            when is_test then 'test_record'
            when deleted_at is not null then 'deleted_record'
            else 'used'
        end as fate
    from {{ ref('int_customers_checked') }}
    where all_defects is null
),

unsound_records as (
    select customer_id as record_id
    from {{ ref('int_customers_checked') }}
    where all_defects is not null and customer_id is not null
    group by customer_id
),

components as (
    select
        record_id,
        customer_id
    from {{ ref('int_customer_components') }}
),

survivors as (
    select
        records.record_id,
        records.fate,
        coalesce(components.customer_id, records.record_id) as customer_id
    from records
    left join components on records.record_id = components.record_id
),

erasure_requests as (
    select customer_id as record_id
    from {{ ref('stg_crm__erasure_requests') }}
    where customer_id is not null
    group by customer_id
),

erased_customers as (
    select survivors.customer_id
    from survivors
    inner join erasure_requests on survivors.record_id = erasure_requests.record_id
    group by survivors.customer_id
),

unified as (
    select
        case
            when erased_customers.customer_id is null then survivors.record_id
            else {{ salted_hash('survivors.record_id') }}
        end as record_id,
        case when erased_customers.customer_id is null then survivors.customer_id end
            as customer_id,
        case when erased_customers.customer_id is null then survivors.fate else 'erased_customer' end
            as fate
    from survivors
    left join erased_customers on survivors.customer_id = erased_customers.customer_id
    union all
    select
        unsound_records.record_id,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        'quarantined' as fate
    from unsound_records
    left join records on unsound_records.record_id = records.record_id
    where records.record_id is null
)

select * from unified
