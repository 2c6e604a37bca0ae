with

moves as (
    select
        coalesce(previous_tier_code, 'none') as from_tier_code,
        tier_code as to_tier_code,
        count(*) as customers,
        sum(net_revenue_12m) as net_revenue_12m,
        evaluation_date
    from {{ ref('strata', 'int_tier_moves') }}
    group by
        coalesce(previous_tier_code, 'none'),
        tier_code,
        evaluation_date
),

dates as (
    select
        evaluation_month,
        evaluation_date
    from {{ ref('strata', 'int_evaluation_dates') }}
),

migrations as (
    select
        moves.from_tier_code,
        moves.to_tier_code,
        cast(moves.customers as integer) as customers,
        cast(moves.net_revenue_12m as decimal(18, 2)) as net_revenue_12m,
        dates.evaluation_month
    from moves
    inner join dates on moves.evaluation_date = dates.evaluation_date
)

select * from migrations
