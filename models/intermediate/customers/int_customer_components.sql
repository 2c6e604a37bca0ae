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
        record_id as customer_id,
        registered_at,
        {{ salted_hash('record_id') }} as record_hash,
        coalesce(is_test, false) or deleted_at is not null as is_excluded
    from {{ ref('strata', 'int_customers_checked') }}
    where all_defects is null
),

-- In the order in which they survive.
numbered_records as (
    select
        customers.customer_id,
        customers.record_hash,
        row_number() over (
            order by customers.is_excluded, customers.registered_at nulls last, customers.customer_id
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

customers_of_records as (
    select
        numbered_records.customer_id as record_id,
        survivors.customer_id
    from numbered_records
    left join stars on numbered_records.record_number = stars.record_number
    inner join numbered_records as survivors
        on coalesce(stars.parent, numbered_records.record_number) = survivors.record_number
)

select * from customers_of_records
