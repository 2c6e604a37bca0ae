with

dates as (
    select
        evaluation_month,
        month_index,
        is_current,
        evaluation_date
    from {{ ref('strata', 'int_evaluation_dates') }}
),

months as (
    select
        month_index,
        cast(month_index - min(month_index) over () - 1 as integer) as months_covered_before,
        -- only the current month can be under way
        not is_current or {{ (month_end(as_of_day()) == as_of_day()) | lower }} as is_complete,
        evaluation_month as month,
        lag(evaluation_date) over (order by evaluation_date) as start_date,
        evaluation_date
    from dates
)

select * from months
where start_date is not null
