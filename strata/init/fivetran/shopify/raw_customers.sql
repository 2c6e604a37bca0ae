-- One row per customer of the shop; the country is that of the last order's billing address.
with

orders as (
    select
        customer_id,
        billing_address_country_code,
        row_number() over (
            partition by customer_id
            order by
                created_at desc,
                id desc
        ) as place
    from {{ source('fivetran', 'order') }}
    where customer_id is not null and billing_address_country_code is not null
)

select
    cast(customers.id as varchar) as customer_id,
    customers.email,
    customers.phone,
    trim(coalesce(customers.first_name, '') || ' ' || coalesce(customers.last_name, ''))
        as full_name,
    'person' as customer_type,
    orders.billing_address_country_code as country,
    customers.created_at as registered_at,
    customers.updated_at
from {{ source('fivetran', 'customer') }} as customers
left join orders on customers.id = orders.customer_id and orders.place = 1
