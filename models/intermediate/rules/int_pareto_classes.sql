-- depends_on: {{ ref('strata', 'int_evaluation_dates') }}

with

pareto_classes as (
    select
        dates.evaluation_date,
        classes.class_code,
        classes.upper_share,
        coalesce(
            lag(classes.upper_share) over (
                partition by dates.evaluation_date
                order by classes.upper_share nulls last, classes.class_code
            ),
            0
        ) as lower_share
    from {{ ref('strata', 'int_evaluation_dates') }} as dates
    inner join {{ ref('pareto_classes') }} as classes
        on
            dates.evaluation_date >= classes.valid_from
            and (dates.evaluation_date < classes.valid_to or classes.valid_to is null)
)

select * from pareto_classes
