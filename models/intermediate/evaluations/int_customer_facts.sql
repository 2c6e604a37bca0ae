-- Columns of the other kind of fact are null: sums and maxima pass over them.
{%- set days = [
    'sale_date', 'known_date', 'month_bit', 'purchase_days', 'gap_days', 'orders', 'net_revenue',
    'margin', 'costed_revenue', 'refunded', 'first_day_refunded',
] %}
{%- set engagement = ['views', 'carts', 'inquiries'] %}

with

customer_facts as (
    select
        customer_id,
        {%- for column in days %}
        {{ column }},
        {%- endfor %}
        {%- for column in engagement %}
        null as {{ column }},
        {%- endfor %}
        cast(null as date) as interaction_date,
        cast(null as date) as next_interaction_date
    from {{ ref('int_customer_days') }}
    union all
    select
        customer_id,
        {%- for column in days %}
        {{ 'known_date' if column == 'known_date' else 'null' }} as {{ column }},
        {%- endfor %}
        {%- for column in engagement %}
        {{ column }},
        {%- endfor %}
        known_date as interaction_date,
        next_known_date as next_interaction_date
    from {{ ref('int_engagement_days') }}
)

select * from customer_facts
