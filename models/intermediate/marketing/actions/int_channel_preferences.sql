with

customers as (
    select
        customers.customer_id,
        customers.customer_type,
        attributes.segment_code as age_band
    from {{ ref('strata', 'int_customers') }} as customers
    left join {{ ref('strata', 'int_customer_attributes') }} as attributes
        on customers.customer_id = attributes.customer_id and attributes.attribute = 'age_band'
),

-- Few kinds of customers: each is compared with the preferences once.
kinds as (
    select
        customer_type,
        age_band
    from customers
    group by
        customer_type,
        age_band
),

kind_preferences as (
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

customer_preferences as (
    select
        customers.customer_id,
        kind_preferences.channel,
        kind_preferences.preference
    from customers
    inner join kind_preferences
        on
            coalesce(customers.customer_type, '') = coalesce(kind_preferences.customer_type, '')
            and coalesce(customers.age_band, '') = coalesce(kind_preferences.age_band, '')
)

select * from customer_preferences
