{{ config(materialized='table') }}  -- joined by every evaluation

{%- set attributes = [
    'email', 'customer_type', 'unified_parent_id', 'birth_date', 'gender', 'occupation',
    'income_band', 'industry', 'employee_count', 'country', 'region', 'city', 'acquisition_channel',
] %}

with

records as (
    select
        unified.customer_id as unified_customer_id,
        case when {{ record_fate() }} = 'used' then {{ record_customer() }} end as unified_parent_id,
        customers.*
    from {{ ref('strata', 'int_customers_checked') }} as customers
    inner join {{ ref('strata', 'int_customers_unified') }} as unified
        on customers.record_id = unified.record_id
    {{ join_customer_records('customers', 'parent_customer_id') }}
    where customers.all_defects is null and unified.fate = 'used'
),

persons_with_several_records as (
    select
        customer_id,
        count(*) as record_count
    from {{ ref('strata', 'int_customers_unified') }}
    where fate = 'used'
    group by customer_id
    having count(*) > 1
),

-- The survivor's own record comes first; blanks are filled from the next two.
ranked as (
    select
        records.*,
        persons_with_several_records.record_count,
        row_number() over (
            partition by records.unified_customer_id
            order by
                case when records.record_id = records.unified_customer_id then 0 else 1 end asc,
                records.updated_at desc nulls last,
                records.record_id asc
        ) as record_rank
    from records
    inner join persons_with_several_records
        on records.unified_customer_id = persons_with_several_records.customer_id
),

registrations as (
    select
        customer_id,
        registration_date
    from {{ ref('strata', 'int_customer_registrations') }}
),

persons as (
    select
        records.unified_customer_id as customer_id,
        {%- for attribute in attributes %}
        records.{{ attribute }},
        {%- endfor %}
        records.owner_id,
        records.owner_assigned_at,
        records.registration_date,
        1 as record_count
    from records
    left join persons_with_several_records
        on records.unified_customer_id = persons_with_several_records.customer_id
    where persons_with_several_records.customer_id is null
    union all
    select
        first_records.unified_customer_id as customer_id,
        {%- for attribute in attributes %}
        coalesce(
            first_records.{{ attribute }},
            second_records.{{ attribute }},
            third_records.{{ attribute }}
        ) as {{ attribute }},
        {%- endfor %}
        coalesce(first_records.owner_id, second_records.owner_id, third_records.owner_id) as owner_id,
        -- of the record that names the owner
        case
            when first_records.owner_id is not null then first_records.owner_assigned_at
            when second_records.owner_id is not null then second_records.owner_assigned_at
            when third_records.owner_id is not null then third_records.owner_assigned_at
        end as owner_assigned_at,
        registrations.registration_date,
        first_records.record_count
    from ranked as first_records
    inner join registrations
        on first_records.unified_customer_id = registrations.customer_id
    left join ranked as second_records
        on
            first_records.unified_customer_id = second_records.unified_customer_id
            and second_records.record_rank = 2
    left join ranked as third_records
        on
            first_records.unified_customer_id = third_records.unified_customer_id
            and third_records.record_rank = 3
    where first_records.record_rank = 1
),

days as (
    select
        customer_id,
        min(known_date) as start_date,
        min(case when purchase_days = 1 then sale_date end) as first_order_date
    from {{ ref('strata', 'int_customer_days') }}
    group by customer_id
),

first_days as (
    select
        customer_days.customer_id,
        customer_days.net_revenue as first_day_revenue
    from {{ ref('strata', 'int_customer_days') }} as customer_days
    inner join days
        on
            customer_days.customer_id = days.customer_id
            and customer_days.sale_date = days.first_order_date
    where customer_days.purchase_days = 1
),

markets as (
    select
        country,
        market
    from {{ ref('markets') }}
),

customers as (
    select
        persons.customer_id,
        {%- for attribute in attributes if attribute != 'unified_parent_id' %}
        persons.{{ attribute }},
        {%- endfor %}
        persons.owner_id,
        case when persons.owner_id is not null then persons.owner_assigned_at end as owner_assigned_at,
        persons.registration_date,
        persons.record_count,
        persons.unified_parent_id as parent_customer_id,
        coalesce(markets.market, '*') as market,
        first_days.first_day_revenue,
        days.first_order_date,
        days.start_date
    from persons
    inner join days on persons.customer_id = days.customer_id
    left join first_days on persons.customer_id = first_days.customer_id
    left join markets on persons.country = markets.country
    where days.start_date <= {{ as_of_date() }}
)

select * from customers
