{{ config(materialized='table') }}  -- joined by every row that names a customer; of the erased it has hashes only

with

names as (
    select
        names.customer_key,
        names.record_system,
        unified.customer_id,
        coalesce(unified.fate, 'erased_customer') as fate,
        case
            when unified.record_id is null then 'an erased customer'
            when unified.record_id like ' %' then 'a record in the quarantine'
            else unified.record_id
        end as shown_record,
        coalesce(unified.customer_id, unified.record_id, '') as person
    from {{ ref('strata', 'int_customer_names') }} as names
    left join {{ ref('strata', 'int_customers_unified') }} as unified
        on names.record_id = unified.record_id
),

marked_names as (
    select
        names.*,
        min(names.person) over (partition by names.customer_key)
        <> max(names.person) over (partition by names.customer_key) as is_ambiguous
    from names
),

-- Of one person's records a used one speaks for them, and is the last by this order.
keys as (
    select
        customer_key,
        min(customer_id) as customer_id,
        max(fate) as fate
    from marked_names
    where not is_ambiguous
    group by customer_key
),

possible_records as (
    select
        customer_key,
        {{ list_of('shown_record') }} as possible_records
    from marked_names
    where is_ambiguous
    group by customer_key
),

keys_in_systems as (
    select
        customer_key,
        record_system,
        min(customer_id) as customer_id,
        max(fate) as fate
    from marked_names
    where is_ambiguous and record_system is not null
    group by
        customer_key,
        record_system
    having min(person) = max(person)
),

customer_keys as (
    select
        case when keys.fate = 'erased_customer' then {{ salted_hash('keys.customer_key') }} else keys.customer_key end
            as customer_key,
        '' as source_system,
        keys.customer_id,
        keys.fate,
        cast(null as {{ dbt.type_string() }}) as possible_records
    from keys
    union all
    select
        customer_key,
        '' as source_system,
        null as customer_id,
        'ambiguous' as fate,
        possible_records
    from possible_records
    union all
    select
        case
            when fate = 'erased_customer' then {{ system_key_hash('customer_key', 'record_system') }}
            else customer_key
        end as customer_key,
        case when fate = 'erased_customer' then '' else record_system end as source_system,
        customer_id,
        fate,
        null as possible_records
    from keys_in_systems
)

select * from customer_keys
