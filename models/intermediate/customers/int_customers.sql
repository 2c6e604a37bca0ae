{{ config(materialized='table') }}  -- joined by every evaluation

{%- set attributes = [
    'email', 'customer_type', 'birth_date', 'gender', 'occupation', 'income_band', 'industry', 'employee_count',
    'country', 'region', 'city', 'acquisition_channel', 'owner_id',
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

persons as (
    select
        records.unified_customer_id as customer_id,
        records.unified_parent_id,
        {{ each('records.{}', attributes) }},
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
        coalesce(
            first_records.unified_parent_id, second_records.unified_parent_id, third_records.unified_parent_id
        ) as unified_parent_id,
        {{ each('coalesce(first_records.{}, second_records.{}, third_records.{}) as {}', attributes) }},
        -- of the record that names the owner
        case
            when first_records.owner_id is not null then first_records.owner_assigned_at
            when second_records.owner_id is not null then second_records.owner_assigned_at
            when third_records.owner_id is not null then third_records.owner_assigned_at
        end as owner_assigned_at,
        registrations.registration_date,
        first_records.record_count
    from ranked as first_records
    inner join {{ ref('strata', 'int_customer_registrations') }} as registrations
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
        min(case when purchase_days = 1 then sale_date end) as first_order_date,
        max(case when purchase_days = 1 and gap_days is null then net_revenue end) as first_day_revenue
    from {{ ref('strata', 'int_customer_days') }}
    group by customer_id
),

customers as (
    select
        persons.customer_id,
        {{ each('persons.{}', attributes) }},
        case when persons.owner_id is not null then persons.owner_assigned_at end as owner_assigned_at,
        persons.registration_date,
        persons.record_count,
        persons.unified_parent_id as parent_customer_id,
        coalesce(markets.market, '*') as market,
        days.first_day_revenue,
        days.first_order_date,
        days.start_date
    from persons
    inner join days on persons.customer_id = days.customer_id
    left join {{ ref('markets') }} as markets on persons.country = markets.country
    where days.start_date <= {{ as_of_date() }}
)

select * from customers
