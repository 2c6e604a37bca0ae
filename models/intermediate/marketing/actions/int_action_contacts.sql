with

contacts as (
    select
        customer_id,
        campaign_id,
        coalesce(is_control, false) as is_control,
        contact_date
    from {{ ref('strata', 'int_campaign_contacts_checked') }}
    where fate = 'used'
),

campaigns as (
    select
        campaign_id,
        action_code,
        conversion_days
    from {{ ref('campaigns') }}
),

action_contacts as (
    select
        contacts.customer_id,
        campaigns.action_code,
        max(
            case
                when
                    contacts.is_control
                    and {{ days_between('contacts.contact_date', as_of_date()) }}
                    <= campaigns.conversion_days
                    then 1
                else 0
            end
        ) = 1 as is_control_group,
        max(case when not contacts.is_control then contacts.contact_date end) as last_contact_date
    from contacts
    inner join campaigns on contacts.campaign_id = campaigns.campaign_id
    group by
        contacts.customer_id,
        campaigns.action_code
)

select * from action_contacts
