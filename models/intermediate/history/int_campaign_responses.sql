{{ config(materialized='table') }}  -- joins all orders, and is read twice

with

-- A person is in the group of their first contact, whatever follows; whoever was contacted and left out
-- at one time was contacted.
numbered as (
    select
        campaign_id,
        customer_id,
        coalesce(is_control, false) as is_control,
        contact_date,
        contacted_at,
        row_number() over (
            partition by campaign_id, customer_id
            order by
                contacted_at asc nulls last,
                case when coalesce(is_control, false) then 1 else 0 end asc,
                contact_id asc nulls last
        ) as contact_number,
        cast(
            sum(case when coalesce(is_control, false) then 0 else 1 end) over (
                partition by campaign_id, customer_id
            ) as integer
        ) as contacts
    from {{ ref('strata', 'int_campaign_contacts_checked') }}
    where fate = 'used'
),

first_contacts as (
    select
        numbered.*,
        case when months.month is null then 'unknown' else coalesce(tiers.start_tier_code, 'none') end
            as tier_code,
        campaigns.conversion_days
    from numbered
    inner join {{ ref('campaigns') }} as campaigns on numbered.campaign_id = campaigns.campaign_id
    left join {{ ref('strata', 'int_covered_months') }} as months
        on {{ month_index('numbered.contact_date') }} = months.month_index
    left join {{ ref('strata', 'int_tier_moves') }} as tiers
        on
            numbered.customer_id = tiers.customer_id
            and months.month = tiers.month
    where numbered.contact_number = 1
),

conversions as (
    select
        first_contacts.campaign_id,
        first_contacts.customer_id,
        sum(sales.reporting_amount) as conversion_revenue
    from first_contacts
    inner join {{ ref('strata', 'int_transactions') }} as sales
        on
            first_contacts.customer_id = sales.customer_id
            and sales.is_sale
            and first_contacts.contacted_at <= sales.ordered_at
            and {{ days_between('first_contacts.contact_date', 'sales.sale_date') }}
            <= first_contacts.conversion_days
    group by
        first_contacts.campaign_id,
        first_contacts.customer_id
),

responses as (
    select
        first_contacts.campaign_id,
        first_contacts.customer_id,
        first_contacts.tier_code,
        first_contacts.contacts,
        cast(coalesce(conversions.conversion_revenue, 0) as decimal(18, 2)) as conversion_revenue,
        first_contacts.is_control,
        {{ days_between('first_contacts.contact_date', as_of_date()) }} >= first_contacts.conversion_days
            as is_elapsed,
        conversions.customer_id is not null as is_converted,
        first_contacts.contact_date
    from first_contacts
    left join conversions
        on
            first_contacts.campaign_id = conversions.campaign_id
            and first_contacts.customer_id = conversions.customer_id
)

select * from responses
