{#- A CTE for each raw table, of one row: how many rows it has, of each column how many are null and how many
    times were adjusted, and its oldest sound and its newest day by as_of_date. -#}
{% macro raw_table_profiles() -%}
    {%- for table_name in checked_rows() -%}
    {{ table_name }} as (
        select
            count(*) as table_rows
            {%- for column in raw_columns(table_name).values() %},
            sum(case when {{ column.name }} is null then 1 else 0 end) as missing_{{ column.name }}
            {%- if column.data_type == 'timestamp' %},
            sum(case when adjusted_columns like '%,{{ column.name }},%' then 1 else 0 end)
                as adjusted_{{ column.name }}
            {%- endif %}
            {%- endfor %}
            {%- set day = business_date(newest_by(table_name)) if newest_by(table_name) %}
            {%- if day %},
            min(case when defects is null and {{ day }} <= {{ as_of_date() }} then {{ day }} end) as oldest_date,
            max(case when {{ day }} <= {{ as_of_date() }} then {{ day }} end) as newest_date
            {%- endif %}
        from {{ ref('strata', 'stg_crm__' ~ table_name) }}
    )
        {{- ',\n\n    ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- The CTEs of raw_table_profiles as one row a column: each is read once, for not every engine remembers it. -#}
{% macro union_of_column_profiles() -%}
    {%- for table_name in checked_rows() %}
    {%- set columns = raw_columns(table_name).values() | list %}
    {%- set times = columns | selectattr('data_type', 'equalto', 'timestamp') | list %}
    {%- set by_time = columns | selectattr('name', 'equalto', newest_by(table_name)) | list %}
    select
        '{{ table_name }}' as source_table,
        names.column_name,
        cast(profile.table_rows as bigint) as table_rows,
        cast({{ of_its_column(columns, 'profile.missing_{}', 0) }} as bigint) as missing_rows,
        cast({{ of_its_column(times, 'profile.adjusted_{}', 0) }} as bigint) as adjusted_rows,
        cast({{ of_its_column(by_time, 'profile.oldest_date', 'null') }} as date) as oldest_date,
        cast({{ of_its_column(by_time, 'profile.newest_date', 'null') }} as date) as newest_date
    from {{ table_name }} as profile
    cross join (
        {{ each("select '{}' as column_name", columns | map(attribute='name') | list, ' union all') }}
    ) as names
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- What a row of a column has; something else for those that are none of these. -#}
{% macro of_its_column(columns, value, otherwise) -%}
    {%- if not columns -%}
        {{ return(otherwise) }}
    {%- endif -%}
    case names.column_name
        {%- for column in columns %}
        when '{{ column.name }}' then {{ value | replace('{}', column.name) }}
        {%- endfor %}
        else {{ otherwise }}
    end
{%- endmacro %}
