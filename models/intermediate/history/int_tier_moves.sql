with

tiers as (
    select
        tier_code,
        tier_rank
    from {{ ref('tiers') }}
),

history as (
    select
        history.customer_id,
        history.tier_code,
        history.tier_rank,
        tiers.tier_rank as computed_tier_rank,
        history.override_id,
        history.composite_score,
        history.orders_12m,
        history.net_revenue_12m,
        history.evaluation_date
    from {{ ref('strata', 'customer_tier_history') }} as history
    inner join tiers on history.computed_tier_code = tiers.tier_code
),

-- Each evaluation beside the one before.
moves as (
    select
        customer_id,
        {{ each(
            '{}, lag({}) over (partition by customer_id order by evaluation_date) as previous_{}',
            [
                'tier_code', 'tier_rank', 'computed_tier_rank', 'override_id',
                'composite_score', 'orders_12m', 'net_revenue_12m', 'evaluation_date',
            ],
        ) }}
    from history
)

select * from moves
