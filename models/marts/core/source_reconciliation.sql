{%- set fates = ['used', 'excluded', 'quarantined'] %}

with

raw_row_counts as (
    select
        source_table,
        currency,
        fate,
        rows_found,
        amount
    from {{ ref('strata', 'int_raw_row_counts') }}
),

source_reconciliation as (
    select
        source_table,
        currency,
        cast(sum(rows_found) as bigint) as raw_rows,
        {{ each("cast(sum(case when fate = '{}' then rows_found else 0 end) as bigint) as {}_rows", fates) }},
        cast(sum(amount) as decimal(28, 2)) as raw_amount,
        {{ each("cast(sum(case when fate = '{}' then amount else 0 end) as decimal(28, 2)) as {}_amount", fates) }}
    from raw_row_counts
    group by
        source_table,
        currency
)

select * from source_reconciliation
