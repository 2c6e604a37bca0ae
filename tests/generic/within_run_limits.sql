{#- Defects of data_quality_summary whose share of a raw table is above the limit of the seed run_limits. -#}
{% test within_run_limits(model, limits, row_counts, reasons) %}

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
),

table_rows as (
    select
        source_table,
        sum(raw_rows) as table_rows
    from {{ row_counts }}
    group by source_table
),

-- The most particular limit of each defect: one of its reason before one of its table.
candidates as (
    select
        defects.source_table,
        defects.check_name as reason,
        defects.found,
        defects.found_share,
        table_rows.table_rows,
        reasons.description,
        limits.max_share,
        limits.min_rows,
        row_number() over (
            partition by defects.source_table, defects.check_name
            order by
                case when limits.reason = '*' then 1 else 0 end asc,
                case when limits.source_table = '*' then 1 else 0 end asc
        ) as limit_rank
    from {{ model }} as defects
    inner join table_rows on defects.source_table = table_rows.source_table
    left join reasons on defects.check_name = reasons.reason
    inner join limits
        on
            (limits.source_table = defects.source_table or limits.source_table = '*')
            and (limits.reason = defects.check_name or limits.reason = '*')
    where defects.check_type = 'defect'
)

select
    'run_limits' as seed_name,
    source_table as rule_id,
    cast(found as {{ dbt.type_string() }}) || ' of ' || cast(table_rows as {{ dbt.type_string() }})
    || ' rows (' || {{ percent('found_share') }} || ') are ' || reason || ', the limit is '
    || {{ percent('max_share') }} || coalesce('. ' || description, '')
    || '; quarantined_rows lists them' as defect
from candidates
where limit_rank = 1 and found_share > max_share and table_rows >= min_rows

{% endtest %}
