with

contact_types as (
    select contact_type
    from {{ ref('identity_policies') }}
),

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

contact_values as (
    select
        keyed_contacts.record_id,
        keyed_contacts.guest_key,
        keyed_contacts.is_sound,
        contact_types.contact_type,
        case
            when contact_types.contact_type = 'email' then keyed_contacts.email_key
            else keyed_contacts.phone_key
        end as contact_value
    from keyed_contacts
    cross join contact_types
),

contact_keys as (
    select * from contact_values
    where contact_value is not null
)

select * from contact_keys
