-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
with

raw_rows as (
    select
        source_table,
        currency,
        fate,
        coalesce(amount, 0) as amount
    from {{ ref('int_raw_rows') }}
),

source_reconciliation as (
    select
        source_table,
        currency,
        cast(count(*) as bigint) as raw_rows,
        {%- for fate in ['used', 'excluded', 'quarantined'] %}
        cast(sum(case when fate = '{{ fate }}' then 1 else 0 end) as bigint) as {{ fate }}_rows,
        {%- endfor %}
        cast(sum(amount) as decimal(18, 2)) as raw_amount,
        {%- for fate in ['used', 'excluded', 'quarantined'] %}
        cast(
            sum(case when fate = '{{ fate }}' then amount else 0 end) as decimal(18, 2)
        ) as {{ fate }}_amount
        {{- ',' if not loop.last }}
        {%- endfor %}
    from raw_rows
    group by
        source_table,
        currency
)

select * from source_reconciliation
