{{ config(materialized='table') }}  -- its own test reads it too
with

next_actions as (
    select
        next_actions.customer_id,
        next_actions.market,
        next_actions.action_code,
        actions.purpose
    from {{ ref('strata', 'int_next_actions') }} as next_actions
    inner join {{ ref('actions') }} as actions
        on next_actions.action_code = actions.action_code
),

consents as (
    select
        customer_id,
        channel
    from {{ ref('strata', 'int_customer_consents') }}
    where is_granted
),

contact_counts as (
    select * from {{ ref('strata', 'int_contact_counts') }}
),

all_contacts as (
    select
        customer_id,
        sum(contacts_24h) as contacts_24h,
        sum(contacts_7d) as contacts_7d,
        sum(contacts_30d) as contacts_30d
    from contact_counts
    group by customer_id
),

policies as (
    {{ rows_in_force(
        ref('channel_policies'),
        ['channel', 'max_contacts_24h', 'max_contacts_7d', 'max_contacts_30d'],
        group_by='channel',
    ) }}
),

caps as (
    select * from policies
    where evaluation_date = {{ as_of_date() }}
),

candidates as (
    select
        next_actions.customer_id,
        action_channels.channel,
        preferences.preference as customer_preference,
        action_channels.preference as action_preference,
        consents.customer_id is not null as has_consent,
        coalesce(
            next_actions.purpose = 'commercial'
            and (
                coalesce(contact_counts.contacts_24h, 0) >= caps.max_contacts_24h
                or coalesce(all_contacts.contacts_24h, 0) >= all_caps.max_contacts_24h
                or coalesce(contact_counts.contacts_7d, 0) >= caps.max_contacts_7d
                or coalesce(all_contacts.contacts_7d, 0) >= all_caps.max_contacts_7d
                or coalesce(contact_counts.contacts_30d, 0) >= caps.max_contacts_30d
                or coalesce(all_contacts.contacts_30d, 0) >= all_caps.max_contacts_30d
            ),
            false
        ) as is_capped
    from next_actions
    inner join {{ ref('action_channels') }} as action_channels
        on next_actions.action_code = action_channels.action_code
    left join consents
        on
            next_actions.customer_id = consents.customer_id
            and action_channels.channel = consents.channel
    left join contact_counts
        on
            next_actions.customer_id = contact_counts.customer_id
            and action_channels.channel = contact_counts.channel
    left join all_contacts on next_actions.customer_id = all_contacts.customer_id
    left join caps
        on next_actions.market = caps.market and action_channels.channel = caps.channel
    left join caps as all_caps
        on next_actions.market = all_caps.market and all_caps.channel = '*'
    left join {{ ref('strata', 'int_channel_preferences') }} as preferences
        on
            next_actions.customer_id = preferences.customer_id
            and action_channels.channel = preferences.channel
)

select * from candidates
