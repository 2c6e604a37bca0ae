{{ config(materialized='table') }}  -- few of many evaluations, read three times

with

moves as (
    select
        customer_id,
        previous_tier_code,
        tier_code,
        previous_tier_rank,
        tier_rank,
        previous_evaluation_date,
        evaluation_date
    from {{ ref('strata', 'int_tier_moves') }}
    where previous_tier_rank is null or tier_rank <> previous_tier_rank
),

history as (
    select * from {{ ref('strata', 'customer_tier_history') }}
),

dates as (
    select
        evaluation_date,
        year_before
    from {{ ref('strata', 'int_evaluation_dates') }}
),

tiers as (
    select
        tier_code,
        tier_rank
    from {{ ref('tiers') }}
),

dated as (
    select
        moves.*,
        {{ each(
            'evaluated.{}, evaluated_before.{} as previous_{}',
            ['override_id', 'composite_score', 'orders_12m', 'net_revenue_12m'],
        ) }},
        tiers.tier_rank as computed_tier_rank,
        previous_tiers.tier_rank as previous_computed_tier_rank,
        dates.year_before,
        previous_dates.year_before as previous_year_before
    from moves
    inner join history as evaluated
        on
            moves.customer_id = evaluated.customer_id
            and moves.evaluation_date = evaluated.evaluation_date
    inner join dates on moves.evaluation_date = dates.evaluation_date
    left join tiers on evaluated.computed_tier_code = tiers.tier_code
    left join history as evaluated_before
        on
            moves.customer_id = evaluated_before.customer_id
            and moves.previous_evaluation_date = evaluated_before.evaluation_date
    left join tiers as previous_tiers
        on evaluated_before.computed_tier_code = previous_tiers.tier_code
    left join dates as previous_dates
        on moves.previous_evaluation_date = previous_dates.evaluation_date
),

-- What happened since the evaluation before.
happenings as (
    select
        dated.customer_id,
        dated.evaluation_date,
        sum(
            case when days.sale_date > dated.previous_evaluation_date then days.orders else 0 end
        ) as new_orders,
        sum(
            case
                when
                    days.sale_date > dated.previous_year_before
                    and days.sale_date <= dated.year_before
                    then days.orders
                else 0
            end
        ) as left_orders,
        sum(
            case when days.known_date > dated.previous_evaluation_date then days.refunded else 0 end
        ) as refunded,
        sum(
            case
                when
                    days.known_date > dated.previous_evaluation_date
                    and days.sale_date > dated.year_before
                    then days.refunded
                else 0
            end
        ) as refunded_12m
    from dated
    inner join {{ ref('strata', 'int_customer_days') }} as days
        on
            dated.customer_id = days.customer_id
            and dated.evaluation_date >= days.known_date
    where dated.previous_evaluation_date is not null
    group by
        dated.customer_id,
        dated.evaluation_date
),

changes as (
    select
        dated.*,
        coalesce(happenings.new_orders, 0) as new_orders,
        coalesce(happenings.left_orders, 0) as left_orders,
        cast(coalesce(happenings.refunded, 0) as decimal(18, 2)) as refunded,
        cast(coalesce(happenings.refunded_12m, 0) as decimal(18, 2)) as refunded_12m
    from dated
    left join happenings
        on
            dated.customer_id = happenings.customer_id
            and dated.evaluation_date = happenings.evaluation_date
)

select * from changes
