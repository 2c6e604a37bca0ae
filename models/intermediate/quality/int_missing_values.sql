{%- set tables = [
    'customers', 'orders', 'order_items', 'refunds', 'products', 'web_events', 'interactions',
    'feedback', 'campaign_contacts', 'consents', 'erasure_requests',
] %}

with
{% for table_name in tables %}
{{ table_name }} as (
    select
        {%- for column_name in raw_columns(table_name) %}
        sum(case when {{ column_name }} is null then 1 else 0 end) as {{ column_name }},
        {%- endfor %}
        count(*) as table_rows
    from {{ ref('strata', 'stg_crm__' ~ table_name) }}
),
{% endfor %}
missing_values as (
    select
        '' as source_table,
        '' as column_name,
        0 as rows_found
    where false
    {%- for table_name in tables %}
    {%- for column_name in raw_columns(table_name) %}
    union all
    select
        '{{ table_name }}' as source_table,
        '{{ column_name }}' as column_name,
        {{ column_name }} as rows_found
    from {{ table_name }}
    {%- endfor %}
    {%- endfor %}
)

select * from missing_values
where rows_found > 0
