with

contact_values as (
    select
        record_hash,
        contact_type,
        contact_hash,
        is_sound
    from {{ ref('strata', 'int_contact_keys') }}
    where record_hash is not null
),

policies as (
    select
        contact_type,
        max_records_per_value
    from {{ ref('identity_policies') }}
),

-- Unsound records take no part in the limit, so that they never change who the sound ones are.
shared_values as (
    select
        contact_values.contact_type,
        contact_values.contact_hash,
        count(*) <= policies.max_records_per_value as matches_unsound
    from contact_values
    inner join policies on contact_values.contact_type = policies.contact_type
    group by
        contact_values.contact_type,
        contact_values.contact_hash,
        policies.max_records_per_value
    having
        count(*) > 1
        and sum(case when contact_values.is_sound then 1 else 0 end) <= policies.max_records_per_value
),

matching_values as (
    select
        contact_values.record_hash,
        contact_values.contact_type,
        contact_values.contact_hash,
        contact_values.is_sound
    from contact_values
    inner join shared_values
        on
            contact_values.contact_type = shared_values.contact_type
            and contact_values.contact_hash = shared_values.contact_hash
    where contact_values.is_sound or shared_values.matches_unsound
)

select * from matching_values
