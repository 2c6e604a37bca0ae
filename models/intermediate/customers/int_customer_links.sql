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

both_directions as (
    select
        customer_id,
        linked_customer_id,
        is_identity_link
    from pairs
    union
    select
        linked_customer_id as customer_id,
        customer_id as linked_customer_id,
        is_identity_link
    from pairs
    union
    select
        customer_id,
        customer_id as linked_customer_id,
        true as is_identity_link
    from pairs
    union
    select
        linked_customer_id as customer_id,
        linked_customer_id,
        true as is_identity_link
    from pairs
),

links as (
    select
        both_directions.customer_id,
        both_directions.linked_customer_id,
        both_directions.is_identity_link
    from both_directions
    left join decisions
        on
            decisions.decision = 'forbid'
            and (
                (
                    both_directions.customer_id = decisions.from_customer_id
                    and both_directions.linked_customer_id = decisions.into_customer_id
                )
                or (
                    both_directions.customer_id = decisions.into_customer_id
                    and both_directions.linked_customer_id = decisions.from_customer_id
                )
            )
    where decisions.decision is null
)

select * from links
