with

customers as (
    select
        record_id,
        cast(null as {{ dbt.type_string() }}) as guest_key,
        all_defects is null as is_sound,
        email,
        phone,
        country
    from {{ ref('strata', 'int_customers_checked') }}
    where record_id is not null and not is_superseded
),

-- In which country a guest dials, nobody knows.
guests as (
    select
        cast(null as {{ dbt.type_string() }}) as record_id,
        {{ guest_key('orders') }} as guest_key,
        false as is_sound,
        orders.email,
        orders.phone,
        cast(null as {{ dbt.type_string() }}) as country
    from {{ ref('strata', 'stg_crm__orders') }} as orders
    where orders.customer_id is null and coalesce(orders.email, orders.phone) is not null
    group by
        {{ guest_key('orders') }},
        orders.email,
        orders.phone
),

contacts as (
    select * from customers
    union all
    select * from guests
),

{{ contact_keys('contacts', 'keyed_contacts') }},

contacts_keyed as (
    select
        record_id,
        guest_key,
        is_sound,
        email_key,
        phone_key
    from keyed_contacts
)

select * from contacts_keyed
