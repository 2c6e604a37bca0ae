{{ config(materialized='table') }}  -- read once for each evaluation date

with

engagement_types as (
    select
        source_table,
        engagement_type,
        counts_as
    from {{ ref('engagement_types') }}
),

web_days as (
    select
        events.customer_id,
        events.event_date as known_date,
        sum(case when engagement_types.counts_as = 'views' then 1 else 0 end) as views,
        sum(case when engagement_types.counts_as = 'carts' then 1 else 0 end) as carts,
        0 as inquiries
    from {{ ref('strata', 'int_web_events_checked') }} as events
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
        0 as views,
        0 as carts,
        sum(case when engagement_types.counts_as = 'inquiries' then 1 else 0 end) as inquiries
    from {{ ref('strata', 'int_interactions_checked') }} as interactions
    inner join engagement_types
        on
            interactions.interaction_type = engagement_types.engagement_type
            and engagement_types.source_table = 'interactions'
    where interactions.fate = 'used'
    group by
        interactions.customer_id,
        interactions.interaction_date
),

feedback_days as (
    select
        customer_id,
        feedback_date as known_date,
        0 as views,
        0 as carts,
        0 as inquiries
    from {{ ref('strata', 'int_feedback_checked') }}
    where fate = 'used'
    group by
        customer_id,
        feedback_date
),

all_days as (
    select * from web_days
    union all
    select * from interaction_days
    union all
    select * from feedback_days
),

engagement_days as (
    select
        customer_id,
        known_date,
        cast(sum(views) as integer) as views,
        cast(sum(carts) as integer) as carts,
        cast(sum(inquiries) as integer) as inquiries
    from all_days
    group by
        customer_id,
        known_date
),

-- The last day of engagement before a date is the one whose next day comes after it.
followed as (
    select
        customer_id,
        views,
        carts,
        inquiries,
        known_date,
        coalesce(
            lead(known_date) over (partition by customer_id order by known_date),
            date '9999-12-31'
        ) as next_known_date
    from engagement_days
)

select * from followed
