with

raw_rows as (
    {{ union_of_checked_rows() }}
)

select * from raw_rows
