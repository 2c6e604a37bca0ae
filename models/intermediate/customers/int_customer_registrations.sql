with

records as (
    select
        record_id,
        customer_id
    from {{ ref('strata', 'int_customers_unified') }}
    where fate = 'used'
),

checked_customers as (
    select
        record_id,
        registration_date,
        update_date
    from {{ ref('strata', 'int_customers_checked') }}
    where all_defects is null
),

registrations as (
    select
        records.customer_id,
        min(checked_customers.registration_date) as registration_date,
        max(checked_customers.update_date) as update_date
    from records
    inner join checked_customers on records.record_id = checked_customers.record_id
    group by records.customer_id
)

select * from registrations
