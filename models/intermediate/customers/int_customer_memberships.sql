with

records as (
    select
        record_id,
        customer_id
    from {{ ref('strata', 'int_customers_unified') }}
    where fate = 'used'
),

customers_of_several as (
    select customer_id
    from records
    group by customer_id
    having count(*) > 1
),

memberships as (
    select
        records.customer_id,
        {{ list_of('records.record_id') }} as record_ids
    from records
    inner join customers_of_several on records.customer_id = customers_of_several.customer_id
    group by records.customer_id
),

hashed as (
    select
        customer_id,
        {{ salted_hash('record_ids') }} as records_hash
    from memberships
)

select * from hashed
