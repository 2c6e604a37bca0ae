with

guests as (
    select
        guest_key,
        contact_type,
        contact_value
    from {{ ref('strata', 'int_contact_keys') }}
    where guest_key is not null
),

customers as (
    select
        record_id,
        is_sound,
        contact_type,
        contact_value
    from {{ ref('strata', 'int_contact_keys') }}
    where record_id is not null
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
    from guests
    inner join customers
        on
            guests.contact_type = customers.contact_type
            and guests.contact_value = customers.contact_value
),

-- The records of the erased are there by their hashes only.
persons as (
    select
        {{ salted_hash('matches.guest_key') }} as guest_hash,
        records.customer_id,
        coalesce(records.fate, 'erased_customer') as fate,
        coalesce(records.customer_id, records.record_id, 'an erased customer') as person
    from matches
    inner join policies on matches.contact_type = policies.contact_type
    left join {{ ref('strata', 'int_customers_unified') }} as records
        on matches.record_id = records.record_id
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
