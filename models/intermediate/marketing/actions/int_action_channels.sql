{{ config(materialized='table') }}  -- joins every channel of every action, and is read twice

with

ranked as (
    select
        customer_id,
        channel,
        has_consent,
        has_consent and not is_capped as is_allowed,
        row_number() over (
            partition by customer_id
            order by
                case when has_consent and not is_capped then 0 else 1 end asc,
                customer_preference asc nulls last,
                action_preference asc nulls last,
                channel asc nulls last
        ) as place
    from {{ ref('strata', 'int_channel_candidates') }}
),

channels as (
    select
        customer_id,
        max(case when place = 1 and is_allowed then channel end) as channel,
        max(case when has_consent then 1 else 0 end) = 1 as has_consent
    from ranked
    group by customer_id
),

next_actions as (
    select
        next_actions.customer_id,
        next_actions.action_code,
        actions.cooldown_days,
        next_actions.evaluation_date
    from {{ ref('strata', 'int_next_actions') }} as next_actions
    inner join {{ ref('actions') }} as actions
        on next_actions.action_code = actions.action_code
),

campaigns as (
    select
        campaign_id,
        action_code,
        conversion_days
    from {{ ref('campaigns') }}
),

contacts as (
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
        max(case when not coalesce(contacts.is_control, false) then contacts.contact_date end)
            as last_contact_date
    from {{ ref('strata', 'int_campaign_contacts_checked') }} as contacts
    inner join campaigns on contacts.campaign_id = campaigns.campaign_id
    where contacts.fate = 'used'
    group by
        contacts.customer_id,
        campaigns.action_code
),

decided as (
    select
        next_actions.customer_id,
        channels.channel,
        case
            when not coalesce(channels.has_consent, false) then 'no_consent'
            when channels.channel is null then 'frequency_cap'
            when
                {{ days_between('contacts.last_contact_date', 'next_actions.evaluation_date') }}
                < next_actions.cooldown_days
                then 'cooldown'
            when contacts.is_control_group then 'control_group'
        end as suppression_reason,
        contacts.last_contact_date
    from next_actions
    left join channels on next_actions.customer_id = channels.customer_id
    left join contacts
        on
            next_actions.customer_id = contacts.customer_id
            and next_actions.action_code = contacts.action_code
),

action_channels as (
    select
        customer_id,
        case when suppression_reason is null then channel end as channel,
        suppression_reason,
        last_contact_date
    from decided
)

select * from action_channels
