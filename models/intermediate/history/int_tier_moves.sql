{{ config(materialized='table') }}  -- the one window over the history, for all who ask what was before

with

months as (
    select
        month,
        start_date,
        evaluation_date
    from {{ ref('strata', 'int_covered_months') }}
),

history as (
    select
        customer_id,
        tier_code,
        tier_rank,
        lifetime_orders,
        orders_12m,
        orders_previous_12m,
        net_revenue_12m,
        evaluation_date
    from {{ ref('strata', 'customer_tier_history') }}
),

-- Each evaluation beside the one before.
moves as (
    select
        history.*,
        {{ each(
            'lag({}) over (partition by customer_id order by evaluation_date) as previous_{}',
            ['tier_code', 'tier_rank', 'lifetime_orders', 'evaluation_date'],
        ) }}
    from history
),

-- The one before is that of the month's start, but after a gap.
dated as (
    select
        moves.customer_id,
        moves.previous_tier_code,
        case when moves.previous_evaluation_date = months.start_date then moves.previous_tier_code end
            as start_tier_code,
        moves.tier_code,
        moves.previous_tier_rank,
        moves.tier_rank,
        moves.net_revenue_12m,
        coalesce(
            moves.previous_evaluation_date = months.start_date and moves.previous_lifetime_orders > 0, false
        ) as is_prior_buyer,
        moves.orders_previous_12m > 0 as is_previous_12m_buyer,
        moves.orders_previous_12m > 0 and moves.orders_12m > 0 as is_retained_buyer,
        moves.previous_evaluation_date,
        moves.evaluation_date,
        months.month
    from moves
    left join months on moves.evaluation_date = months.evaluation_date
)

select * from dated
