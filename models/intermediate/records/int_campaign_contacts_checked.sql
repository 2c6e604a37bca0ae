{{ config(materialized='table') }}  -- read by several; of erased persons' rows it has no names
{%- set raw = raw_columns('campaign_contacts') %}

with

{{ rows_by_key('campaign_contacts', raw, 'campaign_contacts', 'contact_id') }},

looked_up as (
    select
        campaign_contacts.*,
        {{ record_customer() }} as unified_customer_id,
        {{ possible_records() }} as possible_records,
        {{ name_list(dict(
            customer_defects('campaign_contacts'),
            duplicate_key='campaign_contacts.is_superseded',
        ), also='campaign_contacts.defects') }} as all_defects,
        {{ exclusion('campaign_contacts.contact_date') }} as exclusion
    from campaign_contacts
    {{ join_customer_records('campaign_contacts') }}
),

checked as (
    select
        {{ unless_erased('contact_id') }} as contact_id,
        campaign_id,
        unified_customer_id as customer_id,
        channel,
        is_control,
        contacted_at,
        opened_at,
        clicked_at,
        contact_date,
        nulled_columns,
        {{ unless_erased('case when all_defects is not null then ' ~ raw_row_of_customer(raw) ~ ' end') }} as raw_row,
        all_defects as defects,
        exclusion,
        {{ row_fate('all_defects', 'exclusion') }} as fate
    from looked_up
)

select * from checked
