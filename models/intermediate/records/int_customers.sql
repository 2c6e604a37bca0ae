{{ config(materialized='table') }}  -- joined by every evaluation

{%- set attributes = [
    'email', 'customer_type', 'birth_date', 'gender', 'occupation', 'income_band', 'industry', 'employee_count',
    'country', 'region', 'city', 'acquisition_channel', 'owner_id',
] %}
{%- set of_three = each('max(case when record_rank = {} then [] end)', ['1', '2', '3']) | replace('[]', '{}') %}

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
    select customer_id
    from {{ ref('strata', 'int_customers_unified') }}
    where fate = 'used'
    group by customer_id
    having count(*) > 1
),

-- The survivor's own record comes first; blanks are filled from the next two.
ranked as (
    select
        records.*,
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
        case when records.owner_id is not null then records.owner_assigned_at end as owner_assigned_at,
        records.registration_date,
        records.update_date,
        1 as record_count
    from records
    left join persons_with_several_records
        on records.unified_customer_id = persons_with_several_records.customer_id
    where persons_with_several_records.customer_id is null
    union all
    select
        unified_customer_id as customer_id,
        {{ each('coalesce(' ~ of_three ~ ') as {}', ['unified_parent_id'] + attributes) }},
        case  -- of the record that names the owner
            {{ each("when max(case when record_rank = {} then owner_id end) is not null"
                ~ ' then max(case when record_rank = {} then owner_assigned_at end)', ['1', '2', '3'], ' ') }}
        end as owner_assigned_at,
        min(registration_date) as registration_date,
        max(update_date) as update_date,
        count(*) as record_count
    from ranked
    group by unified_customer_id
),

transactions as (
    select
        customer_id,
        min(known_date) as known_date,
        min(case when is_sale then sale_date end) as first_order_date
    from {{ ref('strata', 'int_transactions') }}
    group by customer_id
),

-- A person begins with the first transaction that is known, or with an earlier registration.
started as (
    select
        persons.*,
        transactions.first_order_date,
        least(
            coalesce(transactions.known_date, date '9999-12-31'),
            coalesce(
                persons.registration_date,
                case
                    when transactions.first_order_date is null
                        then coalesce(persons.update_date, {{ as_of_date() }})
                end,
                date '9999-12-31'
            )
        ) as start_date
    from persons
    left join transactions on persons.customer_id = transactions.customer_id
),

customers as (
    select
        started.customer_id,
        {{ each('started.{}', attributes) }},
        started.owner_assigned_at,
        started.registration_date,
        started.record_count,
        started.unified_parent_id as parent_customer_id,
        coalesce(markets.market, '*') as market,
        started.first_order_date,
        started.start_date
    from started
    left join {{ ref('markets') }} as markets on started.country = markets.country
    where started.start_date <= {{ as_of_date() }}
)

select * from customers
