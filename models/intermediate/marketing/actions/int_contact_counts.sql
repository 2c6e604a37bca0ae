with

contacts as (
    select
        customer_id,
        campaign_id,
        coalesce(channel, 'unknown') as channel,
        {{ days_between('contact_date', as_of_date()) }} as days_since_contact,
        contact_date
    from {{ ref('strata', 'int_campaign_contacts_checked') }}
    where fate = 'used' and not coalesce(is_control, false)
),

campaigns as (
    select
        campaign_id,
        purpose
    from {{ ref('campaigns') }}
),

-- A contact of a campaign that is not in the seed counts as commercial: better one too few.
counted as (
    select
        contacts.customer_id,
        contacts.channel,
        case when coalesce(campaigns.purpose, 'commercial') = 'commercial' then 1 else 0 end
            as is_counted,
        contacts.days_since_contact,
        contacts.contact_date
    from contacts
    left join campaigns on contacts.campaign_id = campaigns.campaign_id
),

contact_counts as (
    select
        customer_id,
        channel,
        cast(sum(case when days_since_contact < 1 then is_counted else 0 end) as integer)
            as contacts_24h,
        cast(sum(case when days_since_contact < 7 then is_counted else 0 end) as integer)
            as contacts_7d,
        cast(sum(case when days_since_contact < 30 then is_counted else 0 end) as integer)
            as contacts_30d,
        max(contact_date) as last_contact_date
    from counted
    group by
        customer_id,
        channel
)

select * from contact_counts
