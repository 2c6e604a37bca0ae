{{ config(materialized='table') }}  -- few of many evaluations, read three times

with

moves as (
    select * from {{ ref('strata', 'int_tier_moves') }}
    where previous_tier_rank is null or tier_rank <> previous_tier_rank
),

dates as (
    select
        evaluation_date,
        year_before
    from {{ ref('strata', 'int_evaluation_dates') }}
),

dated as (
    select
        moves.*,
        dates.year_before,
        previous_dates.year_before as previous_year_before
    from moves
    inner join dates on moves.evaluation_date = dates.evaluation_date
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
