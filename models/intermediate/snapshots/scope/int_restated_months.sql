{{ config(materialized='table') }}  -- a few dates, from all that is evaluated anew

with

stored_dates as (
    select evaluation_date
    from {{ ref('strata', 'int_evaluation_dates') }}
    where is_stored
),

evaluations as (
    select
        scores.customer_id,
        scores.net_revenue_12m,
        scores.composite_score,
        scores.evaluation_date
    from {{ ref('strata', 'int_customer_scores') }} as scores
    inner join stored_dates on scores.evaluation_date = stored_dates.evaluation_date
),

stored as (
    select * from {{ ref('strata', 'int_stored_months') }}
    where is_restated
),

-- What decides a rank has changed for somebody, or somebody has come or gone. Quantiles are made of all
-- that is evaluated.
restated_months as (
    select coalesce(evaluations.evaluation_date, stored.evaluation_date) as evaluation_date
    from evaluations
    full join stored
        on
            evaluations.customer_id = stored.customer_id
            and evaluations.evaluation_date = stored.evaluation_date
    where
        {{ 'true or' if var('rfm_method') == 'quantile' }}
        evaluations.customer_id is null
        or stored.customer_id is null
        or evaluations.net_revenue_12m <> stored.net_revenue_12m
        or coalesce({{ to_decimal('evaluations.composite_score', 6) }}, -1)
        <> coalesce({{ to_decimal('stored.composite_score', 6) }}, -1)
    group by coalesce(evaluations.evaluation_date, stored.evaluation_date)
)

select * from restated_months
