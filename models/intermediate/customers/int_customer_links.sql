{{ config(materialized='table') }}  -- int_customers_unified reads it too; it has hashes only

with

contact_values as (
    select
        record_id,
        contact_type,
        contact_value,
        is_sound
    from {{ ref('strata', 'int_contact_keys') }}
    where record_id is not null
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
        contact_values.contact_value,
        count(*) <= policies.max_records_per_value as matches_unsound
    from contact_values
    inner join policies on contact_values.contact_type = policies.contact_type
    group by
        contact_values.contact_type,
        contact_values.contact_value,
        policies.max_records_per_value
    having
        count(*) > 1
        and sum(case when contact_values.is_sound then 1 else 0 end) <= policies.max_records_per_value
        and (
            count(*) <= policies.max_records_per_value
            or sum(case when contact_values.is_sound then 1 else 0 end) > 1
        )
),

matching_values as (
    select
        {{ salted_hash('contact_values.record_id') }} as record_hash,
        contact_values.contact_type,
        contact_values.contact_value,
        contact_values.is_sound
    from contact_values
    inner join shared_values
        on
            contact_values.contact_type = shared_values.contact_type
            and contact_values.contact_value = shared_values.contact_value
    where contact_values.is_sound or shared_values.matches_unsound
),

named_pairs as (
    select
        {{ named_hash('from_customer_id') }} as from_hash,
        {{ named_hash('into_customer_id') }} as into_hash,
        decision
    from {{ ref('customer_merges') }}
),

decisions as (
    select
        from_hash as record_hash,
        into_hash as linked_record_hash,
        decision
    from named_pairs
    union all
    select
        into_hash as record_hash,
        from_hash as linked_record_hash,
        decision
    from named_pairs
),

-- Both directions, and each record with itself.
pairs as (
    select
        matching_values.record_hash,
        others.record_hash as linked_record_hash,
        (matching_values.is_sound and others.is_sound)
        or matching_values.record_hash = others.record_hash as is_identity_link
    from matching_values
    inner join matching_values as others
        on
            matching_values.contact_type = others.contact_type
            and matching_values.contact_value = others.contact_value
    union
    select
        record_hash,
        linked_record_hash,
        true as is_identity_link
    from decisions
    where decision = 'link'
    union
    select
        record_hash,
        record_hash as linked_record_hash,
        true as is_identity_link
    from decisions
    where decision = 'link'
),

links as (
    select pairs.*
    from pairs
    left join decisions as forbidden
        on
            pairs.record_hash = forbidden.record_hash
            and pairs.linked_record_hash = forbidden.linked_record_hash
            and forbidden.decision = 'forbid'
    where forbidden.record_hash is null
)

select * from links
