{{ config(materialized='table') }}  -- read by several; of erased persons' rows it has no names
{%- set raw = raw_columns('interactions') %}

with

{{ rows_by_key('interactions', raw, 'interactions', 'interaction_id') }},

engagement_types as (
    select engagement_type
    from {{ ref('engagement_types') }}
    where source_table = 'interactions'
),

looked_up as (
    select
        interactions.*,
        {{ record_customer() }} as unified_customer_id,
        {{ possible_records() }} as possible_records,
        {{ name_list(dict(
            customer_defects('interactions'),
            duplicate_key='interactions.is_superseded',
            unknown_category='interactions.interaction_type is not null and engagement_types.engagement_type is null',
        ), also='interactions.defects') }} as all_defects,
        {{ exclusion('interactions.interaction_date') }} as exclusion
    from interactions
    left join engagement_types on interactions.interaction_type = engagement_types.engagement_type
    {{ join_customer_records('interactions') }}
),

checked as (
    select
        {{ unless_erased('interaction_id') }} as interaction_id,
        unified_customer_id as customer_id,
        interaction_type,
        channel,
        started_at,
        resolved_at,
        interaction_date,
        nulled_columns,
        {{ unless_erased('case when all_defects is not null then ' ~ raw_row_of_customer(raw) ~ ' end') }} as raw_row,
        all_defects as defects,
        exclusion,
        {{ row_fate('all_defects', 'exclusion') }} as fate
    from looked_up
)

select * from checked
