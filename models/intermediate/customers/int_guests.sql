{#- The guests and the customers are normalised in one pass; the customers only if there is a guest. #}
with

guests as (
    select
        {{ guest_key('orders') }} as guest_key,
        orders.email,
        orders.phone
    from {{ ref('stg_crm__orders') }} as orders
    where orders.customer_id is null and coalesce(orders.email, orders.phone) is not null
    group by
        {{ guest_key('orders') }},
        orders.email,
        orders.phone
),

a_guest as (
    select min(guest_key) as guest_key
    from guests
    having count(*) > 0
),

-- In which country a guest dials, nobody knows.
contacts as (
    select
        guests.guest_key,
        cast(null as {{ dbt.type_string() }}) as record_id,
        false as is_sound,
        guests.email,
        guests.phone,
        cast(null as {{ dbt.type_string() }}) as country
    from guests
    union all
    select
        null as guest_key,
        customers.record_id,
        customers.all_defects is null as is_sound,
        customers.email,
        customers.phone,
        customers.country
    from {{ ref('int_customers_checked') }} as customers
    cross join a_guest
    where customers.record_id is not null and not customers.is_superseded
),

{{ contact_keys('contacts', 'keyed_contacts') }},

contact_values as (
    select
        guest_key,
        record_id,
        is_sound,
        'email' as contact_type,
        email_key as contact_value
    from keyed_contacts
    where email_key is not null
    union all
    select
        guest_key,
        record_id,
        is_sound,
        'phone' as contact_type,
        phone_key as contact_value
    from keyed_contacts
    where phone_key is not null
),

policies as (
    select
        contact_type,
        max_records_per_value
    from {{ ref('identity_policies') }}
),

-- Whom a value of a guest may mean: sound records, or else unsound ones.
matches as (
    select
        guests.guest_key,
        guests.contact_type,
        customers.record_id,
        customers.is_sound,
        sum(case when customers.is_sound then 1 else 0 end) over (
            partition by
                guests.guest_key,
                guests.contact_type
        ) as sound_records
    from contact_values as guests
    inner join contact_values as customers
        on
            guests.contact_type = customers.contact_type
            and guests.contact_value = customers.contact_value
    where guests.guest_key is not null and customers.record_id is not null
),

persons as (
    select
        matches.guest_key,
        unified.customer_id,
        coalesce(unified.fate, 'erased_customer') as fate,
        coalesce(unified.customer_id, unified.record_id, 'an erased customer') as person
    from matches
    inner join policies on matches.contact_type = policies.contact_type
    left join {{ ref('int_customers_unified') }} as unified on matches.record_id = unified.record_id
    where
        matches.sound_records <= policies.max_records_per_value
        and (matches.is_sound or matches.sound_records = 0)
),

possible_persons as (
    select
        guest_key,
        person
    from persons
    group by
        guest_key,
        person
),

possible_records as (
    select
        guest_key,
        {{ list_of('person') }} as possible_records
    from possible_persons
    group by guest_key
    having count(*) > 1
),

-- Of one person's records a used one speaks for them, and is the last by this order.
guest_customers as (
    select
        persons.guest_key,
        case when min(persons.person) = max(persons.person) then min(persons.customer_id) end as customer_id,
        case when min(persons.person) = max(persons.person) then max(persons.fate) else 'ambiguous' end
            as fate,
        min(possible_records.possible_records) as possible_records
    from persons
    left join possible_records on persons.guest_key = possible_records.guest_key
    group by persons.guest_key
)

select * from guest_customers
