with

dates as (
    select
        evaluation_date,
        cast({{ dbt.dateadd('day', 90, 'evaluation_date') }} as date) as horizon_date
    from {{ ref('strata', 'int_evaluation_dates') }}
),

backtest_dates as (
    select
        row_number() over (order by evaluation_date desc) = 1 as is_latest,
        evaluation_date,
        horizon_date
    from dates
    where horizon_date <= {{ as_of_date() }}
)

select * from backtest_dates
