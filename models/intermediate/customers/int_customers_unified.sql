{{ config(materialized='table') }}  -- read by all that knows customers

with

records as (
    select
        record_id,
        {{ salted_hash('record_id') }} as record_hash,
        case
            when all_defects is not null then 'quarantined'
            when is_test then 'test_record'
            when deleted_at is not null then 'deleted_record'
            else 'used'
        end as fate
    from {{ ref('strata', 'int_customers_checked') }}
    where record_id is not null and not is_superseded
),

components as (
    select
        records.record_id,
        survivors.record_id as customer_id
    from {{ ref('strata', 'int_customer_survivors') }} as hashed_survivors
    inner join records on hashed_survivors.record_hash = records.record_hash
    inner join records as survivors on hashed_survivors.survivor_hash = survivors.record_hash
),

links as (
    select
        records.record_id,
        linked_records.record_id as linked_record_id
    from {{ ref('strata', 'int_customer_links') }} as hashed_links
    inner join records on hashed_links.record_hash = records.record_hash
    inner join records as linked_records on hashed_links.linked_record_hash = linked_records.record_hash
),

requested_names as (
    select
        names.customer_key,
        {{ system_of('requests') }} as source_system,
        names.record_id,
        coalesce(components.customer_id, names.record_id, '') as person,
        coalesce({{ system_of('requests') }} = names.record_system, false) as is_of_system
    from {{ ref('strata', 'stg_crm__erasure_requests') }} as requests
    inner join {{ ref('strata', 'int_customer_names') }} as names
        on {{ reference_key('requests.customer_id') }} = names.customer_key
    left join components on names.record_id = components.record_id
),

requested_records as (
    select
        record_id,
        is_of_system,
        min(person) over (partition by customer_key, source_system)
        = max(person) over (partition by customer_key, source_system) as is_one_person,
        min(person) over (partition by customer_key, source_system, is_of_system)
        = max(person) over (partition by customer_key, source_system, is_of_system)
            as is_one_person_of_system
    from requested_names
),

-- Nobody is erased on a guess: the request names one person, or one in its source_system.
requests as (
    select record_id
    from requested_records
    where record_id is not null and (is_one_person or (is_of_system and is_one_person_of_system))
),

-- Named by a request, or linked to a record that is, which may be an unsound one.
named_records as (
    select record_id
    from requests
    union
    select links.linked_record_id as record_id
    from requests
    inner join links on requests.record_id = links.record_id
),

named_customers as (
    select components.customer_id
    from named_records
    inner join components on named_records.record_id = components.record_id
    group by components.customer_id
),

-- All records of these persons, for each is linked to itself, and the unsound ones linked to them.
erased_records as (
    select record_id
    from named_records
    union
    select links.linked_record_id as record_id
    from named_customers
    inner join components on named_customers.customer_id = components.customer_id
    inner join links on components.record_id = links.record_id
),

unified as (
    select
        case when erased_records.record_id is null then records.record_id else records.record_hash end
            as record_id,
        case
            when erased_records.record_id is null and records.fate <> 'quarantined'
                then coalesce(components.customer_id, records.record_id)
        end as customer_id,
        case
            when erased_records.record_id is null then records.fate
            else 'erased_customer'
        end as fate
    from records
    left join erased_records on records.record_id = erased_records.record_id
    left join components on records.record_id = components.record_id
)

select * from unified
