with

contact_keys as (
    select
        record_hash,
        guest_hash,
        is_sound,
        contact_type,
        contact_hash
    from {{ ref('strata', 'int_contact_keys') }}
),

policies as (
    select
        contact_type,
        max_records_per_value
    from {{ ref('identity_policies') }}
),

-- Not of the erased: their hash is not hashed again.
records as (
    select
        {{ salted_hash('record_id') }} as record_hash,
        record_id,
        customer_id,
        fate
    from {{ ref('strata', 'int_customers_unified') }}
),

-- Whom a value of a guest may mean: sound records, or else unsound ones.
matches as (
    select
        guests.guest_hash,
        guests.contact_type,
        customers.record_hash,
        customers.is_sound,
        sum(case when customers.is_sound then 1 else 0 end) over (
            partition by
                guests.guest_hash,
                guests.contact_type
        ) as sound_records
    from contact_keys as guests
    inner join contact_keys as customers
        on
            guests.contact_type = customers.contact_type
            and guests.contact_hash = customers.contact_hash
    where guests.guest_hash is not null and customers.record_hash is not null
),

persons as (
    select
        matches.guest_hash,
        records.customer_id,
        coalesce(records.fate, 'erased_customer') as fate,
        coalesce(records.customer_id, records.record_id, 'an erased customer') as person
    from matches
    inner join policies on matches.contact_type = policies.contact_type
    left join records on matches.record_hash = records.record_hash
    where
        matches.sound_records <= policies.max_records_per_value
        and (matches.is_sound or matches.sound_records = 0)
),

possible_persons as (
    select
        guest_hash,
        person
    from persons
    group by
        guest_hash,
        person
),

possible_records as (
    select
        guest_hash,
        {{ list_of('person') }} as possible_records
    from possible_persons
    group by guest_hash
    having count(*) > 1
),

-- Of one person's records a used one speaks for them, and is the last by this order.
guest_customers as (
    select
        persons.guest_hash,
        case when min(persons.person) = max(persons.person) then min(persons.customer_id) end as customer_id,
        case when min(persons.person) = max(persons.person) then max(persons.fate) else 'ambiguous' end
            as fate,
        min(possible_records.possible_records) as possible_records
    from persons
    left join possible_records on persons.guest_hash = possible_records.guest_hash
    group by persons.guest_hash
)

select * from guest_customers
