{{ config(materialized='table') }}  -- read by several; of erased persons' rows it has no names
{%- set raw = raw_columns('consents') %}

with

consents as (
    select * from {{ ref('strata', 'stg_crm__consents') }}
),

engagement_types as (
    select engagement_type
    from {{ ref('engagement_types') }}
    where source_table = 'consents'
),

looked_up as (
    select
        consents.*,
        {{ record_customer() }} as unified_customer_id,
        {{ possible_records() }} as possible_records,
        {{ name_list(dict(
            customer_defects('consents'),
            unknown_category='consents.status is not null and engagement_types.engagement_type is null',
        ), also='consents.defects') }} as all_defects,
        {{ exclusion('consents.consent_date') }} as exclusion
    from consents
    left join engagement_types on consents.status = engagement_types.engagement_type
    {{ join_customer_records('consents') }}
),

checked as (
    select
        unified_customer_id as customer_id,
        channel,
        status,
        changed_at,
        consent_date,
        nulled_columns,
        {{ unless_erased('case when all_defects is not null then ' ~ raw_row_of_customer(raw) ~ ' end') }} as raw_row,
        all_defects as defects,
        exclusion,
        {{ row_fate('all_defects', 'exclusion') }} as fate
    from looked_up
)

select * from checked
