{{ config(materialized='table') }}  -- every raw row is read once for all that counts them

with

raw_rows as (
    {{ union_of_checked_rows() }}
),

raw_row_counts as (
    select
        source_table,
        currency,
        fate,
        defects,
        exclusion,
        nulled_columns,
        cast(count(*) as bigint) as rows_found,
        cast(coalesce(sum(amount), 0) as decimal(28, 2)) as amount
    from raw_rows
    group by
        source_table,
        currency,
        fate,
        defects,
        exclusion,
        nulled_columns
)

select * from raw_row_counts
