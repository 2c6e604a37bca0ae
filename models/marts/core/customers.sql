{%- set attributes = [
    'age_band', 'gender', 'region_group', 'urbanity', 'occupation', 'income_band', 'industry',
    'company_size', 'acquisition_channel',
] %}

with

customers as (
    select * from {{ ref('strata', 'int_customers') }}
),

segments as (
    select
        customer_id,
        {{ each("max(case when attribute = '{}' then segment_code end) as {}", attributes) }}
    from {{ ref('strata', 'int_customer_attributes') }}
    group by customer_id
),

affinities as (
    select
        customer_id,
        max(case when dimension = 'category' then preferred_value end) as preferred_category,
        max(case when dimension = 'category' then preferred_share end) as preferred_category_share,
        max(case when dimension = 'brand' then preferred_value end) as preferred_brand,
        max(case when dimension = 'brand' then preferred_share end) as preferred_brand_share,
        max(case when dimension = 'channel' then preferred_value end) as preferred_channel,
        max(case when dimension = 'channel' then preferred_share end) as preferred_channel_share,
        max(case when dimension = 'hour_of_day' then preferred_value end) as preferred_hour,
        max(case when dimension = 'hour_of_day' then preferred_share end) as preferred_hour_share,
        max(case when dimension = 'weekday' then preferred_value end) as preferred_weekday,
        max(case when dimension = 'weekday' then preferred_share end) as preferred_weekday_share
    from {{ ref('strata', 'int_customer_affinities') }}
    group by customer_id
),

described as (
    select
        customers.customer_id,
        customers.market,
        customers.customer_type,
        customers.parent_customer_id,
        {{ salted_hash('lower(trim(customers.email))') }} as email_hash,
        {{ each('segments.{}', attributes) }},
        customers.country,
        customers.region,
        customers.city,
        affinities.preferred_category,
        affinities.preferred_brand,
        affinities.preferred_channel,
        cast(extract(year from customers.birth_date) as integer) as birth_year,
        cast(customers.employee_count as integer) as employee_count,
        cast(customers.record_count as integer) as records,
        cast(affinities.preferred_hour as integer) as preferred_hour,
        cast(affinities.preferred_weekday as integer) as preferred_weekday,
        affinities.preferred_category_share,
        affinities.preferred_brand_share,
        affinities.preferred_channel_share,
        affinities.preferred_hour_share,
        affinities.preferred_weekday_share,
        customers.registration_date,
        customers.first_order_date,
        customers.start_date,
        customers.owner_id,
        customers.owner_assigned_at
    from customers
    inner join segments on customers.customer_id = segments.customer_id
    left join affinities on customers.customer_id = affinities.customer_id
)

select * from described
