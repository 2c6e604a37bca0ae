with

contact_types as (
    select contact_type
    from {{ ref('identity_policies') }}
),

contact_values as (
    select
        contacts.record_id,
        contacts.guest_key,
        contacts.is_sound,
        contact_types.contact_type,
        case when contact_types.contact_type = 'email' then contacts.email_key else contacts.phone_key end
            as contact_value
    from {{ ref('strata', 'int_contacts_keyed') }} as contacts
    cross join contact_types
),

contact_keys as (
    select
        {{ salted_hash('record_id') }} as record_hash,
        {{ salted_hash('guest_key') }} as guest_hash,
        is_sound,
        contact_type,
        {{ salted_hash('contact_value') }} as contact_hash
    from contact_values
    where contact_value is not null
)

select * from contact_keys
