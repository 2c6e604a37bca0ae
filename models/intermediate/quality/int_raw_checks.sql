with

raw_row_counts as (
    select
        source_table,
        fate,
        defects,
        exclusion,
        nulled_columns,
        rows_found
    from {{ ref('strata', 'int_raw_row_counts') }}
),

raw_columns as (
    select
        source_table,
        column_name,
        missing_rows,
        adjusted_rows
    from {{ ref('strata', 'int_raw_columns') }}
),

row_reasons as (
    select reason
    from {{ ref('row_reasons') }}
    where fate = 'quarantined'
),

-- A row with several defects counts with each of them, as in quarantined_rows.
defects as (
    select
        raw_row_counts.source_table,
        'defect' as check_type,
        row_reasons.reason as check_name,
        cast(sum(raw_row_counts.rows_found) as bigint) as rows_found
    from raw_row_counts
    inner join row_reasons on raw_row_counts.defects like '%,' || row_reasons.reason || ',%'
    where raw_row_counts.fate = 'quarantined'
    group by
        raw_row_counts.source_table,
        row_reasons.reason
),

exclusions as (
    select
        source_table,
        'exclusion' as check_type,
        exclusion as check_name,
        cast(sum(rows_found) as bigint) as rows_found
    from raw_row_counts
    where fate = 'excluded'
    group by
        source_table,
        exclusion
),

nulled_values as (
    select
        raw_row_counts.source_table,
        'nulled_value' as check_type,
        raw_columns.column_name as check_name,
        cast(sum(raw_row_counts.rows_found) as bigint) as rows_found
    from raw_row_counts
    inner join raw_columns
        on
            raw_row_counts.source_table = raw_columns.source_table
            and raw_row_counts.nulled_columns like '%,' || raw_columns.column_name || ',%'
    group by
        raw_row_counts.source_table,
        raw_columns.column_name
),

missing_values as (
    select
        source_table,
        'missing_value' as check_type,
        column_name as check_name,
        missing_rows as rows_found
    from raw_columns
    where missing_rows > 0
),

adjusted_times as (
    select
        source_table,
        'adjusted_time' as check_type,
        column_name as check_name,
        adjusted_rows as rows_found
    from raw_columns
    where adjusted_rows > 0
),

checks as (
    select * from defects
    union all
    select * from exclusions
    union all
    select * from nulled_values
    union all
    select * from missing_values
    union all
    select * from adjusted_times
)

select * from checks
