with

source as (
    select * from {{ source('crm', 'campaign_contacts') }}
),

typed as (
    select
        {{ typed('campaign_contacts', 'contact_id') }} as contact_id,
        {{ typed('campaign_contacts', 'campaign_id') }} as campaign_id,
        {{ typed('campaign_contacts', 'customer_id') }} as customer_id,
        {{ typed('campaign_contacts', 'channel') }} as channel,
        {{ typed('campaign_contacts', 'is_control') }} as is_control,
        {{ typed('campaign_contacts', 'contacted_at') }} as contacted_at,
        {{ typed('campaign_contacts', 'opened_at') }} as opened_at,
        {{ typed('campaign_contacts', 'clicked_at') }} as clicked_at,
        {{ business_date(typed('campaign_contacts', 'contacted_at')) }} as contact_date,
        {{ row_defects('campaign_contacts') }} as defects,
        {{ nulled_columns('campaign_contacts') }} as nulled_columns,
        {{ raw_values('campaign_contacts') }}
    from source
)

select * from typed
