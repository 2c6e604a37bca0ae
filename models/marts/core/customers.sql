-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
{%- set attributes = [
    'age_band', 'gender', 'region_group', 'urbanity', 'occupation', 'income_band', 'industry',
    'company_size', 'acquisition_channel',
] %}
{%- set dimensions = {
    'category': 'preferred_category',
    'brand': 'preferred_brand',
    'channel': 'preferred_channel',
    'hour_of_day': 'preferred_hour',
    'weekday': 'preferred_weekday',
} %}

with

customers as (
    select * from {{ ref('strata', 'int_customers') }}
),

segments as (
    select
        customer_id
        {%- for attribute in attributes %},
        max(case when attribute = '{{ attribute }}' then segment_code end) as {{ attribute }}
        {%- endfor %}
    from {{ ref('strata', 'int_customer_attributes') }}
    group by customer_id
),

affinities as (
    select
        customer_id
        {%- for dimension, column in dimensions.items() %},
        max(case when dimension = '{{ dimension }}' then preferred_value end) as {{ column }},
        max(case when dimension = '{{ dimension }}' then preferred_share end) as {{ column }}_share
        {%- endfor %}
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
        {%- for attribute in attributes %}
        segments.{{ attribute }},
        {%- endfor %}
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
        {%- for column in dimensions.values() %}
        affinities.{{ column }}_share,
        {%- endfor %}
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
