{{ config(materialized='table') }}  -- read by several; of erased persons' rows it has no names
{%- set raw = raw_columns('feedback') %}

with

{{ rows_by_key('feedback', raw, 'feedback', 'feedback_id') }},

engagement_types as (
    select
        feedback_type as engagement_type,
        min_score,
        max_score
    from {{ ref('feedback_scales') }}
),

looked_up as (
    select
        feedback.*,
        {{ record_customer() }} as unified_customer_id,
        {{ possible_records() }} as possible_records,
        {{ name_list(dict(
            customer_defects('feedback'),
            duplicate_key='feedback.is_superseded',
            unknown_category='feedback.feedback_type is not null and engagement_types.engagement_type is null',
            invalid_number='feedback.score < engagement_types.min_score'
            ~ ' or feedback.score > engagement_types.max_score',
        ), also='feedback.defects') }} as all_defects,
        {{ exclusion('feedback.feedback_date') }} as exclusion,
        100 * cast(feedback.score - engagement_types.min_score as {{ type_double() }})
        / cast(nullif(engagement_types.max_score - engagement_types.min_score, 0) as {{ type_double() }})
            as points
    from feedback
    left join engagement_types on feedback.feedback_type = engagement_types.engagement_type
    {{ join_customer_records('feedback') }}
),

checked as (
    select
        {{ unless_erased('feedback_id') }} as feedback_id,
        unified_customer_id as customer_id,
        {{ unless_erased('order_id') }} as order_id,
        feedback_type,
        score,
        case when {{ row_fate('all_defects', 'exclusion') }} = 'used' then points end as points,
        submitted_at,
        feedback_date,
        nulled_columns,
        {{ unless_erased('case when all_defects is not null then ' ~ raw_row_of_customer(raw) ~ ' end') }} as raw_row,
        all_defects as defects,
        exclusion,
        {{ row_fate('all_defects', 'exclusion') }} as fate
    from looked_up
)

select * from checked
