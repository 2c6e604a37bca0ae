{{ config(materialized='table') }}  -- read by several; of erased persons' rows it has no names
{%- set raw = raw_columns('web_events') %}

with

{{ rows_by_key('web_events', raw, 'web_events', 'event_id') }},

engagement_types as (
    select engagement_type
    from {{ ref('engagement_types') }}
    where source_table = 'web_events'
),

products as (
    select
        product_id,
        product_key
    from {{ ref('strata', 'int_products_checked') }}
    where fate = 'used'
),

looked_up as (
    select
        web_events.*,
        {{ record_customer() }} as unified_customer_id,
        {{ possible_records() }} as possible_records,
        products.product_id as known_product_id,
        {{ name_list(dict(
            customer_defects('web_events'),
            duplicate_key='web_events.is_superseded',
            unknown_category='web_events.event_type is not null and engagement_types.engagement_type is null',
        ), also='web_events.defects') }} as all_defects,
        {{ exclusion('web_events.event_date') }} as exclusion
    from web_events
    left join engagement_types on web_events.event_type = engagement_types.engagement_type
    left join products on {{ reference_key('web_events.product_id') }} = products.product_key
    {{ join_customer_records('web_events') }}
),

checked as (
    select
        {{ unless_erased('event_id') }} as event_id,
        unified_customer_id as customer_id,
        event_type,
        known_product_id as product_id,
        channel,
        occurred_at,
        event_date,
        case
            when product_id is not null and known_product_id is null
                then coalesce(nulled_columns, ',') || 'product_id,'
            else nulled_columns
        end as nulled_columns,
        {{ unless_erased('case when all_defects is not null then ' ~ raw_row_of_customer(raw) ~ ' end') }} as raw_row,
        all_defects as defects,
        exclusion,
        {{ row_fate('all_defects', 'exclusion') }} as fate
    from looked_up
)

select * from checked
