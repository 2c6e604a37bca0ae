with

campaigns as (
    select
        campaign_id,
        conversion_days
    from {{ ref('campaigns') }}
),

months as (
    select
        month_index,
        month
    from {{ ref('strata', 'int_covered_months') }}
),

tiers as (
    select
        customer_id,
        start_tier_code as tier_code,
        month
    from {{ ref('strata', 'int_tier_moves') }}
),

contacts as (
    select
        contact_id,
        campaign_id,
        customer_id,
        coalesce(is_control, false) as is_control,
        contact_date,
        contacted_at
    from {{ ref('strata', 'int_campaign_contacts_checked') }}
    where fate = 'used'
),

-- A person is in the group of their first contact, whatever follows; whoever was contacted and left out
-- at one time was contacted.
numbered as (
    select
        *,
        row_number() over (
            partition by campaign_id, customer_id
            order by
                contacted_at asc nulls last,
                case when is_control then 1 else 0 end asc,
                contact_id asc nulls last
        ) as contact_number,
        cast(
            sum(case when is_control then 0 else 1 end) over (partition by campaign_id, customer_id)
            as integer
        ) as contacts
    from contacts
),

first_contacts as (
    select
        numbered.campaign_id,
        numbered.customer_id,
        case when months.month is null then 'unknown' else coalesce(tiers.tier_code, 'none') end
            as tier_code,
        numbered.contacts,
        campaigns.conversion_days,
        numbered.is_control,
        {{ days_between('numbered.contact_date', as_of_date()) }} >= campaigns.conversion_days
            as is_elapsed,
        numbered.contact_date,
        numbered.contacted_at
    from numbered
    inner join campaigns on numbered.campaign_id = campaigns.campaign_id
    left join months on {{ month_index('numbered.contact_date') }} = months.month_index
    left join tiers
        on
            numbered.customer_id = tiers.customer_id
            and months.month = tiers.month
    where numbered.contact_number = 1
)

select * from first_contacts
