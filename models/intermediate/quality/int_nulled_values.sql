with

raw_row_counts as (
    select
        source_table,
        nulled_columns,
        rows_found
    from {{ ref('strata', 'int_raw_row_counts') }}
    where nulled_columns is not null
),

raw_columns as (
    select
        '' as source_table,
        '' as column_name
    where false
    {%- for source_node in sources_of_strata() %}
    {%- for column_name in source_node.columns %}
    union all
    select
        '{{ source_node.name }}' as source_table,
        '{{ column_name }}' as column_name
    {%- endfor %}
    {%- endfor %}
),

nulled_values as (
    select
        raw_row_counts.source_table,
        raw_columns.column_name,
        cast(sum(raw_row_counts.rows_found) as bigint) as rows_found
    from raw_row_counts
    inner join raw_columns
        on
            raw_row_counts.source_table = raw_columns.source_table
            and raw_row_counts.nulled_columns like '%,' || raw_columns.column_name || ',%'
    group by
        raw_row_counts.source_table,
        raw_columns.column_name
)

select * from nulled_values
