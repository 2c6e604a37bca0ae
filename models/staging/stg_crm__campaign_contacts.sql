{%- set raw = raw_columns('campaign_contacts') %}

with

source as (
    select * from {{ strata.raw('campaign_contacts') }}
),

{{ read_values(raw, 'campaign_contacts') }},

typed as (
    select
        {{ typed(raw, 'contact_id') }} as contact_id,
        {{ typed(raw, 'campaign_id') }} as campaign_id,
        {{ typed(raw, 'customer_id') }} as customer_id,
        {{ typed(raw, 'source_system') }} as source_system,
        {{ typed(raw, 'channel') }} as channel,
        {{ typed(raw, 'is_control') }} as is_control,
        {{ typed(raw, 'contacted_at') }} as contacted_at,
        {{ typed(raw, 'opened_at') }} as opened_at,
        {{ typed(raw, 'clicked_at') }} as clicked_at,
        {{ business_date(typed(raw, 'contacted_at')) }} as contact_date,
        {{ row_defects(raw) }} as defects,
        {{ nulled_columns(raw) }} as nulled_columns,
        {{ adjusted_columns(raw, 'campaign_contacts') }} as adjusted_columns,
        {{ raw_values(raw) }}
    from casts
)

select * from typed
