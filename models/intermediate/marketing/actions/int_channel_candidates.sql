{{ config(materialized='table') }}  -- its own test reads it too
with

next_actions as (
    select
        next_actions.customer_id,
        next_actions.market,
        next_actions.action_code,
        actions.purpose,
        coalesce(customers.customer_type, '') as customer_type,
        coalesce(attributes.segment_code, '') as age_band
    from {{ ref('strata', 'int_next_actions') }} as next_actions
    inner join {{ ref('actions') }} as actions
        on next_actions.action_code = actions.action_code
    left join {{ ref('strata', 'int_customers') }} as customers
        on next_actions.customer_id = customers.customer_id
    left join {{ ref('strata', 'int_customer_attributes') }} as attributes
        on next_actions.customer_id = attributes.customer_id and attributes.attribute = 'age_band'
),

-- Few kinds of customers: each is compared with the preferences once.
kinds as (
    select
        customer_type,
        age_band
    from next_actions
    group by
        customer_type,
        age_band
),

preferences as (
    select
        kinds.customer_type,
        kinds.age_band,
        preferences.channel,
        min(preferences.preference) as preference
    from kinds
    inner join {{ ref('channel_preferences') }} as preferences
        on
            (preferences.customer_type = '*' or kinds.customer_type = preferences.customer_type)
            and (preferences.age_band = '*' or kinds.age_band = preferences.age_band)
    group by
        kinds.customer_type,
        kinds.age_band,
        preferences.channel
),

all_contacts as (
    select
        customer_id,
        {{ each('sum({}) as {}', ['contacts_24h', 'contacts_7d', 'contacts_30d']) }}
    from {{ ref('strata', 'int_contact_counts') }}
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
    left join {{ ref('strata', 'int_customer_consents') }} as consents
        on
            next_actions.customer_id = consents.customer_id
            and action_channels.channel = consents.channel
            and consents.is_granted
    left join {{ ref('strata', 'int_contact_counts') }} as contact_counts
        on
            next_actions.customer_id = contact_counts.customer_id
            and action_channels.channel = contact_counts.channel
    left join all_contacts on next_actions.customer_id = all_contacts.customer_id
    left join caps
        on next_actions.market = caps.market and action_channels.channel = caps.channel
    left join caps as all_caps
        on next_actions.market = all_caps.market and all_caps.channel = '*'
    left join preferences
        on
            next_actions.customer_type = preferences.customer_type
            and next_actions.age_band = preferences.age_band
            and action_channels.channel = preferences.channel
)

select * from candidates
