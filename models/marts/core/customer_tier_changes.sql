with

history as (
    select
        customer_id,
        tier_code,
        tier_rank,
        evaluation_date
    from {{ ref('customer_tier_history') }}
),

compared as (
    select
        customer_id,
        tier_code,
        tier_rank,
        lag(tier_code) over (partition by customer_id order by evaluation_date) as from_tier_code,
        lag(tier_rank) over (partition by customer_id order by evaluation_date) as from_tier_rank,
        evaluation_date
    from history
),

changes as (
    select
        customer_id,
        from_tier_code,
        tier_code as to_tier_code,
        case
            when from_tier_rank is null then 'first'
            when tier_rank > from_tier_rank then 'up'
            else 'down'
        end as direction,
        evaluation_date
    from compared
    where from_tier_rank is null or from_tier_rank <> tier_rank
)

select * from changes
