with

contact_values as (
    select
        customer_id,
        contact_type,
        contact_value
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
        others.customer_id as linked_customer_id
    from contact_values
    inner join contact_values as others
        on
            contact_values.contact_type = others.contact_type
            and contact_values.contact_value = others.contact_value
    union
    select
        from_customer_id as customer_id,
        into_customer_id as linked_customer_id
    from decisions
    where decision = 'link'
),

both_directions as (
    select
        customer_id,
        linked_customer_id
    from pairs
    union
    select
        linked_customer_id as customer_id,
        customer_id as linked_customer_id
    from pairs
    union
    select
        customer_id,
        customer_id as linked_customer_id
    from pairs
    union
    select
        linked_customer_id as customer_id,
        linked_customer_id
    from pairs
),

links as (
    select
        both_directions.customer_id,
        both_directions.linked_customer_id
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
