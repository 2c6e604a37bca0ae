with

customers as (
    select * from {{ ref('int_customers') }}
),

described as (
    select
        customer_id,
        market,
        customer_type,
        parent_customer_id,
        {{ salted_hash('lower(trim(email))') }} as email_hash,
        gender,
        occupation,
        income_band,
        industry,
        country,
        region,
        city,
        acquisition_channel,
        cast(extract(year from birth_date) as integer) as birth_year,
        cast(employee_count as integer) as employee_count,
        cast(record_count as integer) as records,
        registration_date,
        first_order_date,
        start_date
    from customers
)

select * from described
