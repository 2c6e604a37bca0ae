{{ config(materialized='table') }}  -- read by every table that has a customer

with

records as (
    select
        customer_id as record_id,
        {{ salted_hash('customer_id') }} as record_hash,
        case
            when all_defects is not null then 'quarantined'
            when is_test then 'test_record'
            when deleted_at is not null then 'deleted_record'
            else 'used'
        end as fate
    from {{ ref('int_customers_checked') }}
    where customer_id is not null and not is_superseded
),

components as (
    select
        record_id,
        customer_id
    from {{ ref('int_customer_components') }}
),

links as (
    select
        records.record_id,
        linked_records.record_id as linked_record_id
    from {{ ref('int_customer_links') }} as hashed_links
    inner join records on hashed_links.record_hash = records.record_hash
    inner join records as linked_records on hashed_links.linked_record_hash = linked_records.record_hash
),

erasure_requests as (
    select customer_id as record_id
    from {{ ref('stg_crm__erasure_requests') }}
    where customer_id is not null
),

-- Named by a request, or linked to a record that is, which may be an unsound one.
named_records as (
    select record_id
    from erasure_requests
    union
    select links.linked_record_id as record_id
    from erasure_requests
    inner join links on erasure_requests.record_id = links.record_id
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

-- An erased record may be gone from the customers while other tables still have its rows.
unified as (
    select
        case
            when erased_records.record_id is null then records.record_id
            else coalesce(records.record_hash, {{ salted_hash('erased_records.record_id') }})
        end as record_id,
        case
            when erased_records.record_id is null and records.fate <> 'quarantined'
                then coalesce(components.customer_id, records.record_id)
        end as customer_id,
        case
            when erased_records.record_id is null then records.fate
            else 'erased_customer'
        end as fate
    from records
    full join erased_records on records.record_id = erased_records.record_id
    left join components on records.record_id = components.record_id
)

select * from unified
