-- depends_on: {{ ref('strata', 'int_seeds_proved') }}
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
        end as fate,
        registration_date,
        update_date
    from {{ ref('strata', 'int_customers_checked') }}
    where record_id is not null and not is_superseded
),

survivors as (
    select
        record_hash,
        survivor_hash
    from {{ ref('strata', 'int_customer_survivors') }}
),

links as (
    select
        record_hash,
        linked_record_hash
    from {{ ref('strata', 'int_customer_links') }}
),

requested_names as (
    select
        names.customer_key,
        {{ system_of('requests') }} as source_system,
        {{ salted_hash('names.record_id') }} as record_hash,
        coalesce({{ system_of('requests') }} = names.record_system, false) as is_of_system
    from {{ ref('strata', 'stg_crm__erasure_requests') }} as requests
    inner join {{ ref('strata', 'int_customer_names') }} as names
        on {{ reference_key('requests.customer_id') }} = names.customer_key
),

requested_persons as (
    select
        requested_names.*,
        coalesce(survivors.survivor_hash, requested_names.record_hash, '') as person
    from requested_names
    left join survivors on requested_names.record_hash = survivors.record_hash
),

requested_records as (
    select
        record_hash,
        is_of_system,
        min(person) over (partition by customer_key, source_system)
        = max(person) over (partition by customer_key, source_system) as is_one_person,
        min(person) over (partition by customer_key, source_system, is_of_system)
        = max(person) over (partition by customer_key, source_system, is_of_system)
            as is_one_person_of_system
    from requested_persons
),

-- Nobody is erased on a guess: the request names one person, or one in its source_system.
requests as (
    select record_hash
    from requested_records
    where record_hash is not null and (is_one_person or (is_of_system and is_one_person_of_system))
),

-- Named by a request, or linked to a record that is, which may be an unsound one. Who has a link has one to itself.
named_records as (
    select coalesce(links.linked_record_hash, requests.record_hash) as record_hash
    from requests
    left join links on requests.record_hash = links.record_hash
),

-- All records of these persons, and the unsound ones linked to them.
erased_records as (
    select coalesce(links.linked_record_hash, named_records.record_hash) as record_hash
    from named_records
    left join survivors on named_records.record_hash = survivors.record_hash
    left join survivors as members on survivors.survivor_hash = members.survivor_hash
    left join links on members.record_hash = links.record_hash
    group by coalesce(links.linked_record_hash, named_records.record_hash)
),

unified as (
    select
        case when erased_records.record_hash is null then records.record_id else records.record_hash end
            as record_id,
        case
            when erased_records.record_hash is null and records.fate <> 'quarantined'
                then coalesce(survivor_records.record_id, records.record_id)
        end as customer_id,
        case
            when erased_records.record_hash is null then records.fate
            else 'erased_customer'
        end as fate,
        case when erased_records.record_hash is null then records.registration_date end as registration_date,
        case when erased_records.record_hash is null then records.update_date end as update_date
    from records
    left join erased_records on records.record_hash = erased_records.record_hash
    left join survivors on records.record_hash = survivors.record_hash
    left join records as survivor_records on survivors.survivor_hash = survivor_records.record_hash
)

select * from unified
