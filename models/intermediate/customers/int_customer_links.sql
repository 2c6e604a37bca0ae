-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
{{ config(materialized='table') }}  -- each round of int_customer_components reads it; it has hashes only

with

contact_values as (
    select
        customer_id,
        contact_type,
        contact_value,
        is_sound
    from {{ ref('int_customer_contact_values') }}
),

decisions as (
    select
        from_customer_id,
        into_customer_id,
        {{ named_hash('from_customer_id') }} as from_hash,
        {{ named_hash('into_customer_id') }} as into_hash,
        decision
    from {{ ref('customer_merges') }}
),

pairs as (
    select
        contact_values.customer_id,
        others.customer_id as linked_customer_id,
        contact_values.is_sound and others.is_sound as is_identity_link
    from contact_values
    inner join contact_values as others
        on
            contact_values.contact_type = others.contact_type
            and contact_values.contact_value = others.contact_value
            and contact_values.customer_id < others.customer_id
    union
    select
        from_customer_id as customer_id,
        into_customer_id as linked_customer_id,
        true as is_identity_link
    from decisions
    where decision = 'link'
),

-- Both directions, and each record with itself.
ends as (
    {%- for is_turned, is_itself in [(false, false), (true, false), (false, true), (true, true)] %}
    select
        {{ is_turned | lower }} as is_turned,
        {{ is_itself | lower }} as is_itself
        {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

directed as (
    select
        case when ends.is_turned then pairs.linked_customer_id else pairs.customer_id end
            as customer_id,
        case when ends.is_turned = ends.is_itself then pairs.linked_customer_id else pairs.customer_id end
            as linked_customer_id,
        pairs.is_identity_link or ends.is_itself as is_identity_link
    from pairs
    cross join ends
),

hashed as (
    select
        {{ named_hash('directed.customer_id') }} as record_hash,
        {{ named_hash('directed.linked_customer_id') }} as linked_record_hash,
        directed.is_identity_link
    from directed
),

links as (
    select
        hashed.record_hash,
        hashed.linked_record_hash,
        hashed.is_identity_link
    from hashed
    left join decisions
        on
            decisions.decision = 'forbid'
            and (
                (
                    hashed.record_hash = decisions.from_hash
                    and hashed.linked_record_hash = decisions.into_hash
                )
                or (
                    hashed.record_hash = decisions.into_hash
                    and hashed.linked_record_hash = decisions.from_hash
                )
            )
    where decisions.decision is null
    group by
        hashed.record_hash,
        hashed.linked_record_hash,
        hashed.is_identity_link
)

select * from links
