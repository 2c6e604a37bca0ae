with

raw_rows as (
    {{ union_of_checked_rows() }}
),

row_reasons as (
    select reason
    from {{ ref('row_reasons') }}
    where fate = 'quarantined'
),

quarantined_rows as (
    select
        raw_rows.source_table,
        raw_rows.row_key,
        row_reasons.reason,
        raw_rows.raw_row,
        raw_rows.amount
    from raw_rows
    inner join row_reasons on raw_rows.defects like '%,' || row_reasons.reason || ',%'
    where raw_rows.fate = 'quarantined'
)

select * from quarantined_rows
