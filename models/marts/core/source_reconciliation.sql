-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
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
        {%- for fate in ['used', 'excluded', 'quarantined'] %}
        cast(
            sum(case when fate = '{{ fate }}' then rows_found else 0 end) as bigint
        ) as {{ fate }}_rows,
        {%- endfor %}
        cast(sum(amount) as decimal(28, 2)) as raw_amount,
        {%- for fate in ['used', 'excluded', 'quarantined'] %}
        cast(
            sum(case when fate = '{{ fate }}' then amount else 0 end) as decimal(28, 2)
        ) as {{ fate }}_amount
        {{- ',' if not loop.last }}
        {%- endfor %}
    from raw_row_counts
    group by
        source_table,
        currency
)

select * from source_reconciliation
