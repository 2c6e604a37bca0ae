with

moves as (
    select
        previous_tier_code,
        tier_code,
        net_revenue_12m,
        evaluation_date
    from {{ ref('strata', 'int_tier_moves') }}
),

dates as (
    select
        evaluation_month,
        evaluation_date
    from {{ ref('strata', 'int_evaluation_dates') }}
),

migrations as (
    select
        coalesce(moves.previous_tier_code, 'none') as from_tier_code,
        moves.tier_code as to_tier_code,
        cast(count(*) as integer) as customers,
        cast(sum(moves.net_revenue_12m) as decimal(18, 2)) as net_revenue_12m,
        dates.evaluation_month
    from moves
    inner join dates on moves.evaluation_date = dates.evaluation_date
    group by
        dates.evaluation_month,
        coalesce(moves.previous_tier_code, 'none'),
        moves.tier_code
)

select * from migrations
