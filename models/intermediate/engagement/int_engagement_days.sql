{{ config(materialized='table') }}  -- read once for each evaluation date

with

engagement_types as (
    select
        source_table,
        engagement_type,
        counts_as
    from {{ ref('engagement_types') }}
),

feedback_scales as (
    select
        feedback_type,
        min_score,
        max_score
    from {{ ref('feedback_scales') }}
),

web_days as (
    select
        events.customer_id,
        events.event_date as known_date,
        cast(null as {{ dbt.type_string() }}) as feedback_type,
        sum(case when engagement_types.counts_as = 'views' then 1 else 0 end) as views,
        sum(case when engagement_types.counts_as = 'carts' then 1 else 0 end) as carts,
        0 as inquiries,
        0 as responses,
        cast(0 as {{ type_double() }}) as response_points
    from {{ ref('int_web_events_checked') }} as events
    inner join engagement_types
        on
            events.event_type = engagement_types.engagement_type
            and engagement_types.source_table = 'web_events'
    where events.fate = 'used'
    group by
        events.customer_id,
        events.event_date
),

interaction_days as (
    select
        interactions.customer_id,
        interactions.interaction_date as known_date,
        cast(null as {{ dbt.type_string() }}) as feedback_type,
        0 as views,
        0 as carts,
        sum(case when engagement_types.counts_as = 'inquiries' then 1 else 0 end) as inquiries,
        0 as responses,
        cast(0 as {{ type_double() }}) as response_points
    from {{ ref('int_interactions_checked') }} as interactions
    inner join engagement_types
        on
            interactions.interaction_type = engagement_types.engagement_type
            and engagement_types.source_table = 'interactions'
    where interactions.fate = 'used'
    group by
        interactions.customer_id,
        interactions.interaction_date
),

-- An answer is worth 0 to 100 points, whatever its scale.
feedback_days as (
    select
        feedback.customer_id,
        feedback.feedback_date as known_date,
        feedback.feedback_type,
        0 as views,
        0 as carts,
        0 as inquiries,
        count(*) as responses,
        sum(
            100 * cast(feedback.score - feedback_scales.min_score as {{ type_double() }})
            / cast(feedback_scales.max_score - feedback_scales.min_score as {{ type_double() }})
        ) as response_points
    from {{ ref('int_feedback_checked') }} as feedback
    inner join feedback_scales on feedback.feedback_type = feedback_scales.feedback_type
    where feedback.fate = 'used' and feedback.score is not null
    group by
        feedback.customer_id,
        feedback.feedback_date,
        feedback.feedback_type
),

engagement_days as (
    select * from web_days
    union all
    select * from interaction_days
    union all
    select * from feedback_days
),

typed as (
    select
        customer_id,
        feedback_type,
        cast(views as integer) as views,
        cast(carts as integer) as carts,
        cast(inquiries as integer) as inquiries,
        cast(responses as integer) as responses,
        response_points,
        known_date
    from engagement_days
)

select * from typed
