-- depends_on: {{ ref('strata', 'int_evaluation_scope') }}

with

{{ of_restated_customers('days_of_restated_customers', ref('strata', 'int_engagement_days')) }},

-- Of engagement, only the last day and those that are counted.
counts as (
    {% call(evaluation) for_each_evaluation() %}
    select
        days.customer_id,
        {{ evaluation.day }} as evaluation_date,
        max(days.known_date) as last_interaction_date,
        sum(case when days.known_date > {{ evaluation.after_90d }} then days.views end) as views_90d,
        sum(case when days.known_date > {{ evaluation.after_90d }} then days.carts end) as carts_90d,
        sum(case when days.known_date > {{ evaluation.after_90d }} then days.inquiries end) as inquiries_90d
    from {{ 'days_of_restated_customers' if evaluation.is_stored else ref('strata', 'int_engagement_days') }} as days
    where
        days.known_date <= {{ evaluation.day }}{{ evaluation.and_restated }}
        and (
            days.known_date > {{ evaluation.after_90d }}
            or days.next_known_date > {{ evaluation.day }}
        )
    group by days.customer_id
    {% endcall %}
),

policies as (
    select
        feedback_type,
        half_life_days,
        valid_from,
        valid_to
    from {{ ref('satisfaction_policies') }}
),

answers as (
    select
        customer_id,
        feedback_type,
        points,
        feedback_date
    from {{ ref('strata', 'int_feedback_checked') }}
    where points is not null
),

aged as (
    select
        answers.customer_id,
        answers.points,
        {{ days_between('answers.feedback_date', 'dates.evaluation_date') }}
        / cast(nullif(policies.half_life_days, 0) as {{ type_double() }}) as half_lives,
        dates.evaluation_date
    from answers
    inner join {{ ref('strata', 'int_evaluation_dates') }} as dates
        on answers.feedback_date <= dates.evaluation_date
    left join {{ ref('strata', 'int_evaluation_scope') }} as scope
        on answers.customer_id = scope.customer_id
    left join policies
        on
            answers.feedback_type = policies.feedback_type
            and dates.evaluation_date >= policies.valid_from
            and dates.evaluation_date < coalesce(policies.valid_to, date '9999-12-31')
    where not dates.is_stored or dates.evaluation_date >= scope.restated_from
),

-- An answer weighs half with every half-life that has passed, and nothing where a double has no such
-- small number.
weighted as (
    select
        *,
        case when half_lives >= 1000 then 0 else power(0.5, half_lives) end as weight
    from aged
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
),

-- The day of an answer is one of engagement, too.
engagement_as_of as (
    select
        counts.*,
        satisfaction.response_count,
        satisfaction.satisfaction
    from counts
    left join satisfaction
        on
            counts.customer_id = satisfaction.customer_id
            and counts.evaluation_date = satisfaction.evaluation_date
)

select * from engagement_as_of
