{#- What is told of all raw tables alike: a new one is declared in models/staging/_sources.yml, has a staging
    model, and a line here. -#}

{#- By raw table the models in which each of its rows is found once, with what becomes of it, and the column
    of what it is worth, in `currency`; none where it is worth nothing. -#}
{% macro checked_rows() -%}
    {{ return({
        'customers': [['int_customer_record_outcomes'], none],
        'orders': [['int_orders_checked', 'int_credits_checked'], 'amount'],
        'order_items': [['int_order_items_checked'], 'amount'],
        'refunds': [['int_refunds_checked'], 'amount'],
        'products': [['int_products_checked'], none],
        'web_events': [['int_web_events_checked'], none],
        'interactions': [['int_interactions_checked'], none],
        'feedback': [['int_feedback_checked'], none],
        'campaign_contacts': [['int_campaign_contacts_checked'], none],
        'consents': [['int_consents_checked'], none],
        'erasure_requests': [['int_erasure_requests_checked'], none],
    }) }}
{%- endmacro %}

{#- The checked rows of all raw tables; what is personal stays behind. -#}
{% macro union_of_checked_rows() -%}
    {%- set no_text = 'cast(null as ' ~ dbt.type_string() ~ ')' -%}
    {%- set selects = [] -%}
    {%- for table_name, (models, amount) in checked_rows().items() -%}
        {%- set keys = raw_columns(table_name).values() | selectattr('meta.key') | map(attribute='name') | list -%}
        {%- for model_name in models -%}
            {%- set rows = ref('strata', model_name) -%}
            {%- set select -%}
    select
        '{{ table_name }}' as source_table,
        {{ "case when fate = 'quarantined' then " ~ keys[0] ~ ' end' if keys else no_text }} as row_key,
        {{ 'currency' if amount else no_text }} as currency,
        fate,
        case when fate = 'quarantined' then defects end as defects,
        exclusion,
        nulled_columns,
        case when fate = 'quarantined' then raw_row end as raw_row,
        {{ amount or 'cast(null as decimal(18, 2))' }} as amount
    from {{ rows }}
            {%- if 'int_credits_checked' in models and model_name != 'int_credits_checked' %}
    where not is_credit
            {%- endif -%}
            {%- endset -%}
            {%- do selects.append(select) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ selects | join('\n    union all\n') }}
{%- endmacro %}

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
    {%- for table_name in checked_rows() -%}
    {%- set columns = raw_columns(table_name).values() | list %}
    select
        '{{ table_name }}' as source_table,
        names.column_name,
        cast(profile.table_rows as bigint) as table_rows,
        cast(
            case names.column_name
                {%- for column in columns %}
                when '{{ column.name }}' then profile.missing_{{ column.name }}
                {%- endfor %}
                else 0
            end as bigint
        ) as missing_rows,
        cast(
            case names.column_name
                {%- for column in columns if column.data_type == 'timestamp' %}
                when '{{ column.name }}' then profile.adjusted_{{ column.name }}
                {%- endfor %}
                when '' then 0
                else 0
            end as bigint
        ) as adjusted_rows,
        {%- for day in ['oldest_date', 'newest_date'] %}
        {% if newest_by(table_name) -%}
            case when names.column_name = '{{ newest_by(table_name) }}' then profile.{{ day }} end
        {%- else -%}
            cast(null as date)
        {%- endif %} as {{ day }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from {{ table_name }} as profile
    cross join (
        {%- for column in columns %}
        select '{{ column.name }}' as column_name
        {{- ' union all' if not loop.last }}
        {%- else %}
        select '' as column_name
        {%- endfor %}
    ) as names
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
