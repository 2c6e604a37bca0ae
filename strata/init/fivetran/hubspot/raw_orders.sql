-- One row per deal; that of several contacts is nobody's, and is quarantined. Amounts are taken as they
-- are: without tax, in the reporting currency. Where deals have another, property_deal_currency_code is it.
with

contacts as (
    select
        deal_id,
        min(contact_id) as contact_id
    from {{ source('fivetran', 'deal_contact') }}
    group by deal_id
    having count(distinct contact_id) = 1
),

deals as (
    select
        deals.deal_id,
        deals.property_amount,
        deals.property_closedate,
        deals.property_createdate,
        coalesce(stages.closed_won, false) as is_won,
        coalesce(not stages.closed_won and stages.probability = 0, false) as is_lost
    from {{ source('fivetran', 'deal') }} as deals
    left join {{ source('fivetran', 'deal_pipeline_stage') }} as stages
        on
            deals.deal_pipeline_stage_id = stages.stage_id
            and deals.deal_pipeline_id = stages.pipeline_id
    where not coalesce(deals.is_deleted, false)
)

select
    cast(deals.deal_id as varchar) as order_id,
    cast(contacts.contact_id as varchar) as customer_id,
    -- the day on which an open deal is expected is none on which anything happened
    case
        when deals.is_won or deals.is_lost then deals.property_closedate
        else deals.property_createdate
    end as ordered_at,
    case
        when deals.is_won then 'completed'
        when deals.is_lost then 'cancelled'
        else 'pending'
    end as status,
    'sales' as channel,
    '{{ var("reporting_currency") }}' as currency,
    case
        when deals.is_won then cast(deals.property_amount as decimal(18, 2))
        else coalesce(cast(deals.property_amount as decimal(18, 2)), 0)
    end as amount
from deals
left join contacts on deals.deal_id = contacts.deal_id
