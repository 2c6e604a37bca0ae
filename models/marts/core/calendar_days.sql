-- depends_on: {{ ref('strata', 'customer_tier_history') }}, for its proofs come before any mart
with

months as (
    select
        evaluation_month,
        evaluation_date
    from {{ ref('strata', 'int_evaluation_dates') }}
),

places as (
    {{ whole_numbers(0, 30, 'place') }}
),

dates as (
    select
        months.evaluation_date,
        cast({{ dbt.dateadd('day', 'places.place', 'months.evaluation_month') }} as date)
            as calendar_date
    from months
    cross join places
),

calendar_days as (
    select calendar_date
    from dates
    where calendar_date <= evaluation_date
)

select * from calendar_days
