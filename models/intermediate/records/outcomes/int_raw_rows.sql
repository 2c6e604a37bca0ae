{#- The checked relation, key and amount of each raw table; what is personal stays behind. -#}
{%- set relations = [
    ('customers', 'int_customer_record_outcomes', 'customer_id', none),
    ('orders', 'int_orders_checked', 'order_id', 'amount'),
    ('orders', 'int_credits_checked', 'order_id', 'amount'),
    ('order_items', 'int_order_items_checked', 'order_item_id', 'amount'),
    ('refunds', 'int_refunds_checked', 'refund_id', 'amount'),
    ('products', 'int_products_checked', 'product_id', none),
    ('web_events', 'int_web_events_checked', 'event_id', none),
    ('interactions', 'int_interactions_checked', 'interaction_id', none),
    ('feedback', 'int_feedback_checked', 'feedback_id', none),
    ('campaign_contacts', 'int_campaign_contacts_checked', 'contact_id', none),
    ('consents', 'int_consents_checked', none, none),
    ('erasure_requests', 'int_erasure_requests_checked', none, none),
] %}

with

raw_rows as (
    {%- for table_name, model_name, key, amount in relations %}
    select
        '{{ table_name }}' as source_table,
        case when fate = 'quarantined' then {{ key or 'cast(null as ' ~ dbt.type_string() ~ ')' }} end
            as row_key,
        {% if amount %}currency{% else %}cast(null as {{ dbt.type_string() }}){% endif %} as currency,
        fate,
        case when fate = 'quarantined' then defects end as defects,
        exclusion,
        nulled_columns,
        case when fate = 'quarantined' then raw_row end as raw_row,
        {% if amount %}{{ amount }}{% else %}cast(null as decimal(18, 2)){% endif %} as amount
    from {{ ref('strata', model_name) }}
    {{- '\n    where not is_credit' if model_name == 'int_orders_checked' }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
)

select * from raw_rows
