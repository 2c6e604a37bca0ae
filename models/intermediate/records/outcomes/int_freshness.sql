with

freshness as (
    select
        source_table,
        oldest_date,
        newest_date,
        {{ days_between('newest_date', as_of_date()) }} as age_days
    from {{ ref('strata', 'int_raw_columns') }}
    where newest_date is not null
)

select * from freshness
