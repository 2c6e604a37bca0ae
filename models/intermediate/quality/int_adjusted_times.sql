{%- set tables = [
    'customers', 'orders', 'refunds', 'products', 'web_events', 'interactions', 'feedback',
    'campaign_contacts', 'consents', 'erasure_requests',
] %}

with

adjusted_rows as (
    {%- for table_name in tables %}
    select
        '{{ table_name }}' as source_table,
        adjusted_columns
    from {{ ref('strata', 'stg_crm__' ~ table_name) }}
    where adjusted_columns is not null
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

time_columns as (
    select
        '' as source_table,
        '' as column_name
    where false
    {%- for table_name in tables %}
    {%- for column in raw_columns(table_name).values() if column.data_type == 'timestamp' %}
    union all
    select
        '{{ table_name }}' as source_table,
        '{{ column.name }}' as column_name
    {%- endfor %}
    {%- endfor %}
),

adjusted_times as (
    select
        adjusted_rows.source_table,
        time_columns.column_name,
        cast(count(*) as bigint) as rows_found
    from adjusted_rows
    inner join time_columns
        on
            adjusted_rows.source_table = time_columns.source_table
            and adjusted_rows.adjusted_columns like '%,' || time_columns.column_name || ',%'
    group by
        adjusted_rows.source_table,
        time_columns.column_name
)

select * from adjusted_times
