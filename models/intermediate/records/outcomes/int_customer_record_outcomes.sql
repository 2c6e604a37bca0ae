{{ config(materialized='view') }}  -- it names the records of the erased
{%- set raw = raw_columns('customers') %}

with

-- A parent who cannot be told is a bad optional value.
checked_customers as (
    select
        customers.*,
        case
            when
                customers.parent_customer_id is not null
                and coalesce({{ record_fate() }}, 'ambiguous') = 'ambiguous'
                then coalesce(customers.nulled_columns, ',') || 'parent_customer_id,'
            else customers.nulled_columns
        end as all_nulled_columns
    from {{ ref('strata', 'int_customers_checked') }} as customers
    {{ join_customer_records('customers', 'parent_customer_id') }}
),

customers as (
    select customer_id
    from {{ ref('strata', 'int_customers') }}
),

looked_up as (
    select
        checked_customers.customer_id,
        checked_customers.record_id,
        checked_customers.all_nulled_columns as nulled_columns,
        checked_customers.all_defects as defects,
        case
            when checked_customers.all_defects is not null
                then
                    {{ raw_row(raw, 'checked_customers') }}
                    || coalesce('; possible customers: ' || keys.possible_records, '')
        end as raw_row,
        case
            when coalesce(records.fate, erased_records.fate) not in ('used', 'quarantined')
                then coalesce(records.fate, erased_records.fate)
            when records.fate = 'used' and customers.customer_id is null
                then 'after_as_of_date'
        end as exclusion
    from checked_customers
    left join {{ ref('strata', 'int_customers_unified') }} as records
        on checked_customers.record_id = records.record_id
    left join {{ ref('strata', 'int_customers_unified') }} as erased_records
        on
            erased_records.fate = 'erased_customer'
            and case
                when records.record_id is null then {{ salted_hash('checked_customers.record_id') }}
            end = erased_records.record_id
    left join {{ ref('strata', 'int_customer_keys') }} as keys
        on
            case when checked_customers.is_ambiguous then checked_customers.customer_key end = keys.customer_key
            and keys.source_system = ''
    left join customers on records.customer_id = customers.customer_id
),

fates as (
    select
        looked_up.*,
        {{ row_fate('defects', 'exclusion') }} as fate
    from looked_up
)

select * from fates
