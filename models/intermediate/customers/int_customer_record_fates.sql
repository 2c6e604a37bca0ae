{%- set raw = raw_columns('customers') %}

with

checked_customers as (
    select * from {{ ref('int_customers_checked') }}
),

customers as (
    select customer_id
    from {{ ref('int_customers') }}
),

looked_up as (
    select
        checked_customers.customer_id,
        checked_customers.nulled_columns,
        case
            when checked_customers.all_defects is not null
                then {{ raw_row(raw, 'checked_customers') }}
        end as raw_row,
        checked_customers.all_defects as defects,
        case
            when {{ record_fate() }} not in ('used', 'quarantined') then {{ record_fate() }}
            when {{ record_fate() }} = 'used' and customers.customer_id is null
                then 'after_as_of_date'
        end as exclusion
    from checked_customers
    {{ join_customer_records('checked_customers') }}
    left join customers on records.customer_id = customers.customer_id
),

fates as (
    select
        looked_up.*,
        {{ row_fate('defects', 'exclusion') }} as fate
    from looked_up
)

select * from fates
