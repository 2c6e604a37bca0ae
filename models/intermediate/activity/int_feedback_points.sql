with

feedback_scales as (
    select
        feedback_type,
        min_score,
        max_score
    from {{ ref('feedback_scales') }}
),

feedback_points as (
    select
        feedback.customer_id,
        feedback.feedback_type,
        100 * cast(feedback.score - feedback_scales.min_score as {{ type_double() }})
        / cast(nullif(feedback_scales.max_score - feedback_scales.min_score, 0) as {{ type_double() }})
            as points,
        feedback.feedback_date
    from {{ ref('strata', 'int_feedback_checked') }} as feedback
    inner join feedback_scales on feedback.feedback_type = feedback_scales.feedback_type
    where feedback.fate = 'used' and feedback.score is not null
)

select * from feedback_points
