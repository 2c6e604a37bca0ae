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
            {%- if model_name == 'int_orders_checked' %}
    where not is_credit
            {%- endif -%}
            {%- endset -%}
            {%- do selects.append(select) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ selects | join('\n    union all\n') }}
{%- endmacro %}
