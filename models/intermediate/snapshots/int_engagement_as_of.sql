-- depends_on: {{ ref('strata', 'int_evaluation_scope') }}

with

{{ of_restated_customers('days_of_restated_customers', ref('strata', 'int_engagement_days')) }},

-- Of engagement, only the last day and those that are counted.
engagement_as_of as (
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
)

select * from engagement_as_of
