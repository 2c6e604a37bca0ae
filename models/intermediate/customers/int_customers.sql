{{ config(materialized='table') }}  -- joined by every evaluation

{%- set attributes = [
    'email', 'customer_type', 'parent_customer_id', 'birth_date', 'gender', 'occupation',
    'income_band', 'industry', 'employee_count', 'country', 'region', 'city', 'acquisition_channel',
] %}

with

records as (
    select
        record_id,
        customer_id
    from {{ ref('int_customers_unified') }}
    where fate = 'used'
),

checked_customers as (
    select * from {{ ref('int_customers_checked') }}
    where all_defects is null
),

-- The survivor's own record comes first; blanks are filled from the next two.
ranked as (
    select
        records.customer_id as unified_customer_id,
        checked_customers.*,
        row_number() over (
            partition by records.customer_id
            order by
                case when records.record_id = records.customer_id then 0 else 1 end,
                checked_customers.updated_at desc nulls last,
                records.record_id
        ) as record_rank
    from checked_customers
    inner join records on checked_customers.customer_id = records.record_id
),

record_dates as (
    select
        unified_customer_id,
        min(registration_date) as registration_date,
        max(update_date) as update_date,
        count(*) as records
    from ranked
    group by unified_customer_id
),

days as (
    select
        customer_id,
        min(known_date) as start_date,
        min(sale_date) as first_order_date
    from {{ ref('int_customer_days') }}
    group by customer_id
),

first_days as (
    select
        customer_days.customer_id,
        customer_days.net_revenue as first_day_revenue
    from {{ ref('int_customer_days') }} as customer_days
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

merged as (
    select
        first_records.unified_customer_id as customer_id,
        {%- for attribute in attributes %}
            coalesce(
                first_records.{{ attribute }},
                second_records.{{ attribute }},
                third_records.{{ attribute }}
            ) as {{ attribute }},
        {%- endfor %}
        record_dates.registration_date,
        record_dates.records,
        first_days.first_day_revenue,
        days.first_order_date,
        days.start_date
    from ranked as first_records
    inner join record_dates
        on first_records.unified_customer_id = record_dates.unified_customer_id
    left join ranked as second_records
        on
            first_records.unified_customer_id = second_records.unified_customer_id
            and second_records.record_rank = 2
    left join ranked as third_records
        on
            first_records.unified_customer_id = third_records.unified_customer_id
            and third_records.record_rank = 3
    inner join days on first_records.unified_customer_id = days.customer_id
    left join first_days on first_records.unified_customer_id = first_days.customer_id
    where first_records.record_rank = 1
),

customers as (
    select
        merged.*,
        coalesce(markets.market, '*') as market
    from merged
    left join markets on merged.country = markets.country
    where merged.start_date <= {{ as_of_date() }}
)

select * from customers
