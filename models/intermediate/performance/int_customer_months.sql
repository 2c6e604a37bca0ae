{%- set measures = [
    'gross_revenue', 'refunded', 'net_revenue', 'margin', 'contact_cost', 'points',
] %}
{%- set counts = [
    'orders', 'contacts', 'elapsed_contacts', 'converted_contacts', 'answers',
] %}

with

months as (
    select
        month_index,
        month
    from {{ ref('strata', 'int_covered_months') }}
),

activities as (
    select * from {{ ref('strata', 'int_customer_activities') }}
),

customer_months as (
    select
        activities.customer_id,
        {%- for measure in counts + measures %}
        sum(activities.{{ measure }}) as {{ measure }},
        {%- endfor %}
        months.month
    from activities
    inner join months on activities.month_index = months.month_index
    group by
        activities.customer_id,
        months.month
)

select * from customer_months
