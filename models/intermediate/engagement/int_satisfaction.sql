with

dates as (
    select evaluation_date
    from {{ ref('int_evaluation_dates') }}
),

feedback_scales as (
    select
        feedback_type,
        min_score,
        max_score
    from {{ ref('feedback_scales') }}
),

policies as (
    select
        feedback_type,
        half_life_days,
        valid_from,
        valid_to
    from {{ ref('satisfaction_policies') }}
),

-- An answer is worth 0 to 100 points, whatever its scale.
answers as (
    select
        feedback.customer_id,
        feedback.feedback_type,
        100 * cast(feedback.score - feedback_scales.min_score as {{ type_double() }})
        / cast(feedback_scales.max_score - feedback_scales.min_score as {{ type_double() }})
            as points,
        feedback.feedback_date
    from {{ ref('int_feedback_checked') }} as feedback
    inner join feedback_scales on feedback.feedback_type = feedback_scales.feedback_type
    where feedback.fate = 'used' and feedback.score is not null
),

-- It weighs half with every half-life that has passed.
weighted as (
    select
        answers.customer_id,
        answers.points,
        power(
            0.5,
            {{ days_between('answers.feedback_date', 'dates.evaluation_date') }}
            / cast(policies.half_life_days as {{ type_double() }})
        ) as weight,
        dates.evaluation_date
    from answers
    inner join dates on answers.feedback_date <= dates.evaluation_date
    left join policies
        on
            answers.feedback_type = policies.feedback_type
            and dates.evaluation_date >= policies.valid_from
            and dates.evaluation_date < coalesce(policies.valid_to, date '9999-12-31')
),

satisfaction as (
    select
        customer_id,
        evaluation_date,
        cast(count(*) as integer) as response_count,
        -- null where no answer weighs anything; least() would make 100 of that
        case when sum(weight) > 0 then least(sum(points * weight) / sum(weight), 100) end
            as satisfaction
    from weighted
    group by
        customer_id,
        evaluation_date
)

select * from satisfaction
