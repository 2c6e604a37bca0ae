with

restated as (
    select * from {{ ref('strata', 'int_restated_months') }}
),

-- Of stored months only those in which anybody's standing has changed.
dates as (
    select dates.evaluation_date
    from {{ ref('strata', 'int_evaluation_dates') }} as dates
    left join restated on dates.evaluation_date = restated.evaluation_date
    where not dates.is_stored or restated.evaluation_date is not null
),

evaluations as (
    select
        scores.customer_id,
        scores.market,
        scores.lifetime_orders,
        scores.days_since_last_order,
        scores.rfm_orders,
        scores.rfm_revenue,
        scores.net_revenue_12m,
        scores.composite_score,
        scores.evaluation_date
    from {{ ref('strata', 'int_customer_scores') }} as scores
    inner join dates on scores.evaluation_date = dates.evaluation_date
),

stored as (
    select
        months.customer_id,
        months.market,
        months.lifetime_orders,
        months.days_since_last_order,
        months.rfm_orders,
        months.rfm_revenue,
        months.net_revenue_12m,
        months.composite_score,
        months.evaluation_date
    from {{ ref('strata', 'int_stored_months') }} as months
    inner join restated on months.evaluation_date = restated.evaluation_date
    where not months.is_restated
),

population as (
    select * from evaluations
    union all
    select * from stored
)

select * from population
