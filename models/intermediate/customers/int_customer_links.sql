{{ config(materialized='table') }}  -- int_customers_unified reads it too; it has hashes only

with

contact_values as (
    select
        record_hash,
        contact_type,
        contact_hash,
        is_sound
    from {{ ref('strata', 'int_customer_contact_values') }}
),

decisions as (
    select
        {{ named_hash('from_customer_id') }} as from_hash,
        {{ named_hash('into_customer_id') }} as into_hash,
        decision
    from {{ ref('customer_merges') }}
),

pairs as (
    select
        contact_values.record_hash,
        others.record_hash as linked_record_hash,
        contact_values.is_sound and others.is_sound as is_identity_link
    from contact_values
    inner join contact_values as others
        on
            contact_values.contact_type = others.contact_type
            and contact_values.contact_hash = others.contact_hash
            and contact_values.record_hash < others.record_hash
    union
    select
        from_hash as record_hash,
        into_hash as linked_record_hash,
        true as is_identity_link
    from decisions
    where decision = 'link'
),

-- Both directions, and each record with itself.
ends as (
    select
        false as is_turned,
        false as is_itself
    union all
    select
        true as is_turned,
        false as is_itself
    union all
    select
        false as is_turned,
        true as is_itself
    union all
    select
        true as is_turned,
        true as is_itself
),

directed as (
    select
        case when ends.is_turned then pairs.linked_record_hash else pairs.record_hash end as record_hash,
        case when ends.is_turned = ends.is_itself then pairs.linked_record_hash else pairs.record_hash end
            as linked_record_hash,
        pairs.is_identity_link or ends.is_itself as is_identity_link
    from pairs
    cross join ends
),

forbidden as (
    select
        from_hash as record_hash,
        into_hash as linked_record_hash
    from decisions
    where decision = 'forbid'
    union
    select
        into_hash as record_hash,
        from_hash as linked_record_hash
    from decisions
    where decision = 'forbid'
),

links as (
    select
        directed.record_hash,
        directed.linked_record_hash,
        directed.is_identity_link
    from directed
    left join forbidden
        on
            directed.record_hash = forbidden.record_hash
            and directed.linked_record_hash = forbidden.linked_record_hash
    where forbidden.record_hash is null
    group by
        directed.record_hash,
        directed.linked_record_hash,
        directed.is_identity_link
)

select * from links
