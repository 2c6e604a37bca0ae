{{ config(materialized='table') }}  -- made once, and it has hashes only

with

links as (
    select
        record_hash,
        linked_record_hash
    from {{ ref('strata', 'int_customer_links') }}
    where is_identity_link
),

customers as (
    select
        record_id,
        registered_at,
        {{ salted_hash('record_id') }} as record_hash,
        coalesce(is_test, false) or deleted_at is not null as is_excluded
    from {{ ref('strata', 'int_customers_checked') }}
    where all_defects is null
),

-- In the order in which they survive.
numbered_records as (
    select
        customers.record_hash,
        row_number() over (
            order by customers.is_excluded, customers.registered_at nulls last, customers.record_id
        ) as record_number
    from customers
    inner join links
        on
            customers.record_hash = links.record_hash
            and customers.record_hash = links.linked_record_hash
),

numbered_links as (
    select
        numbered_records.record_number,
        parents.record_number as parent
    from links
    inner join numbered_records on links.record_hash = numbered_records.record_hash
    inner join numbered_records as parents
        on
            links.linked_record_hash = parents.record_hash
            and numbered_records.record_number > parents.record_number
),

-- Nine rounds are enough for 256 links; identity_is_sound says where they are too few.
{{ connected_components('numbered_links', 'stars', rounds=9) }},

survivors as (
    select
        numbered_records.record_hash,
        earliest.record_hash as survivor_hash
    from numbered_records
    left join stars on numbered_records.record_number = stars.record_number
    inner join numbered_records as earliest
        on coalesce(stars.parent, numbered_records.record_number) = earliest.record_number
)

select * from survivors
