with

table_rows as (
    select
        source_table,
        max(table_rows) as table_rows
    from {{ ref('strata', 'int_raw_columns') }}
    group by source_table
),

raw_checks as (
    select
        source_table,
        check_type,
        check_name,
        rows_found as found
    from {{ ref('strata', 'int_raw_checks') }}
),

unmatched_values as (
    select
        source_table,
        check_type,
        check_name,
        rows_found as found
    from {{ ref('strata', 'int_unmatched_values') }}
),

duplicates as (
    select
        'customers' as source_table,
        'duplicate_person' as check_type,
        'records merged into another' as check_name,
        coalesce(sum(record_count - 1), 0) as found
    from {{ ref('strata', 'int_customers') }}
),

freshness as (
    select
        source_table,
        'freshness' as check_type,
        'days from the newest row to as_of_date' as check_name,
        {{ days_between('newest_date', as_of_date()) }} as found
    from {{ ref('strata', 'int_raw_columns') }}
    where newest_date is not null
),

policies as (
    {{ rows_in_force(ref('rfm_policies'), ['min_customers']) }}
),

thin_markets as (
    select
        'customers' as source_table,
        'thin_market' as check_type,
        policies.market as check_name,
        count(customers.customer_id) as found
    from policies
    inner join {{ ref('strata', 'int_evaluation_dates') }} as dates
        on policies.evaluation_date = dates.evaluation_date and dates.is_current
    left join {{ ref('strata', 'int_customers') }} as customers
        on policies.market = customers.market and customers.first_order_date is not null
    group by
        policies.market,
        policies.min_customers
    having count(customers.customer_id) < policies.min_customers
),

checks as (
    select * from raw_checks
    union all
    select * from unmatched_values
    union all
    select * from duplicates
    union all
    select * from freshness
    union all
    select * from thin_markets
),

summary as (
    select
        checks.source_table,
        checks.check_type,
        checks.check_name,
        cast(checks.found as bigint) as found,
        case
            when
                checks.check_type not in (
                    'freshness', 'thin_market', 'unmatched_override', 'unmatched_merge'
                )
                then cast(checks.found as {{ type_double() }}) / table_rows.table_rows
        end as found_share
    from checks
    inner join table_rows on checks.source_table = table_rows.source_table
)

select * from summary
