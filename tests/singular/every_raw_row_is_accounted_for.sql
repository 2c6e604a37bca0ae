-- Raw = used + excluded + quarantined, in rows and to the cent, and no raw row is left out.

with

staged as (
    select
        source_table,
        max(table_rows) as source_rows
    from {{ ref('strata', 'int_raw_columns') }}
    group by source_table
),

reconciled as (
    select
        source_table,
        sum(raw_rows) as raw_rows,
        sum(used_rows + excluded_rows + quarantined_rows) as accounted_rows,
        sum(raw_amount - used_amount - excluded_amount - quarantined_amount) as amount_left
    from {{ ref('strata', 'source_reconciliation') }}
    group by source_table
)

select
    staged.source_table,
    staged.source_rows,
    reconciled.raw_rows,
    reconciled.accounted_rows,
    reconciled.amount_left
from staged
left join reconciled on staged.source_table = reconciled.source_table
where
    staged.source_rows <> coalesce(reconciled.raw_rows, 0)
    or staged.source_rows <> coalesce(reconciled.accounted_rows, 0)
    or reconciled.amount_left <> 0
