{%- set dates = {
    'customers': 'update_date', 'orders': 'order_date', 'refunds': 'refund_date',
    'web_events': 'event_date', 'interactions': 'interaction_date', 'feedback': 'feedback_date',
    'campaign_contacts': 'contact_date', 'consents': 'consent_date',
} %}

with

newest as (
    {%- for table_name, date_column in dates.items() %}
    select
        '{{ table_name }}' as source_table,
        min(case when defects is null then {{ date_column }} end) as oldest_date,
        max({{ date_column }}) as newest_date
    from {{ ref('strata', 'stg_crm__' ~ table_name) }}
    where {{ date_column }} <= {{ as_of_date() }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

freshness as (
    select
        source_table,
        oldest_date,
        newest_date,
        {{ days_between('newest_date', as_of_date()) }} as age_days
    from newest
    where newest_date is not null
)

select * from freshness
