with

records as (
    select
        record_id,
        customer_key,
        record_system,
        systems
    from {{ ref('strata', 'int_customers_checked') }}
    where record_id is not null and not is_superseded
),

systems as (
    select record_system
    from records
    where record_system is not null
    group by record_system
),

erasure_requests as (
    select
        {{ reference_key('requests.customer_id') }} as customer_key,
        {{ system_of('requests') }} as record_system
    from {{ ref('strata', 'stg_crm__erasure_requests') }} as requests
    where requests.customer_id is not null
    group by
        {{ reference_key('requests.customer_id') }},
        {{ system_of('requests') }}
),

records_by_system as (
    select
        customer_key,
        record_system
    from records
    where record_system is not null
    group by
        customer_key,
        record_system
),

record_keys as (
    select customer_key
    from records
    group by customer_key
),

-- The record is gone, while other tables may still have its rows: nobody has the identifier, or nobody in
-- a system that gives identifiers of its own.
requests_without_record as (
    select
        erasure_requests.customer_key,
        erasure_requests.record_system
    from erasure_requests
    left join systems on erasure_requests.record_system = systems.record_system
    left join record_keys on erasure_requests.customer_key = record_keys.customer_key
    left join records_by_system
        on
            erasure_requests.customer_key = records_by_system.customer_key
            and erasure_requests.record_system = records_by_system.record_system
    where
        case
            when systems.record_system is null then record_keys.customer_key
            else records_by_system.customer_key
        end is null
),

names as (
    select
        customer_key,
        record_system,
        record_id
    from records
    union all
    -- the name that the marts give to one of several records with an identifier
    select
        {{ reference_key('record_id') }} as customer_key,
        null as record_system,
        record_id
    from records
    where systems > 1 and record_system is not null
    union all
    select
        customer_key,
        record_system,
        null as record_id
    from requests_without_record
)

select * from names
