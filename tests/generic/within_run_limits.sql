{#- Defects whose share of a raw table is above the limit of the seed run_limits; a row with several counts
    with each. -#}
{% test within_run_limits(model, row_counts, limits, reasons) %}

{{ config(
    severity='warn' if var('limits_are_warnings') else 'error',
    meta={'reports_rules': true},
) }}

with

limits as (
    select * from {{ limits }}
),

reasons as (
    select
        reason,
        description
    from {{ reasons }}
    where fate = 'quarantined'
),

table_rows as (
    select
        source_table,
        sum(raw_rows) as table_rows
    from {{ model }}
    group by source_table
),

defects as (
    select
        raw_row_counts.source_table,
        reasons.reason,
        reasons.description,
        sum(raw_row_counts.rows_found) as found
    from {{ row_counts }} as raw_row_counts
    inner join reasons on raw_row_counts.defects like '%,' || reasons.reason || ',%'
    where raw_row_counts.fate = 'quarantined'
    group by
        raw_row_counts.source_table,
        reasons.reason,
        reasons.description
),

-- The most particular limit of each defect: one of its reason before one of its table.
candidates as (
    select
        defects.source_table,
        defects.reason,
        defects.found,
        cast(defects.found as {{ type_double() }}) / table_rows.table_rows as found_share,
        table_rows.table_rows,
        defects.description,
        limits.max_share,
        limits.min_rows,
        row_number() over (
            partition by defects.source_table, defects.reason
            order by
                case when limits.reason = '*' then 1 else 0 end asc,
                case when limits.source_table = '*' then 1 else 0 end asc
        ) as limit_rank
    from defects
    inner join table_rows on defects.source_table = table_rows.source_table
    inner join limits
        on
            (limits.source_table = defects.source_table or limits.source_table = '*')
            and (limits.reason = defects.reason or limits.reason = '*')
)

select
    'run_limits' as seed_name,
    source_table as rule_id,
    cast(found as {{ dbt.type_string() }}) || ' of ' || cast(table_rows as {{ dbt.type_string() }})
    || ' rows (' || {{ percent('found_share') }} || ') are ' || reason || ', the limit is '
    || {{ percent('max_share') }} || coalesce('. ' || description, '')
    || '; {{ "quarantined_rows lists them" if wing_is_on("quality")
        else "with STRATA_QUALITY=true quarantined_rows lists them" }}' as defect
from candidates
where limit_rank = 1 and found_share > max_share and table_rows >= min_rows

{% endtest %}
