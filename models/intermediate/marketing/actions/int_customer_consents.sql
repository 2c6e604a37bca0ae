with

consents as (
    select
        customer_id,
        channel,
        status,
        changed_at
    from {{ ref('strata', 'int_consents_checked') }}
    where fate = 'used'
),

-- Of several records of one moment a refusal stands.
ranked as (
    select
        customer_id,
        channel,
        status = 'granted' as is_granted,
        changed_at,
        row_number() over (
            partition by
                customer_id,
                channel
            order by
                changed_at desc nulls last,
                case when status = 'granted' then 1 else 0 end asc,
                status asc nulls last
        ) as recency_rank
    from consents
),

customer_consents as (
    select
        customer_id,
        channel,
        is_granted,
        changed_at
    from ranked
    where recency_rank = 1
)

select * from customer_consents
