{%- set key = ['tier_code', 'attribute', 'segment_code', 'category'] %}
{%- set measures = {
    'revenue': 'decimal(18, 2)', 'quantity': 'decimal(24, 6)', 'orders': 'integer', 'customers': 'integer',
} %}
{#- The months that a month is compared with, and how many months before it they are. -#}
{%- set compared = {'revenue_previous_month': 1, 'revenue_same_month_last_year': 12} %}

with

sold as (
    select * from {{ ref('strata', 'int_products_sold') }}
),

months as (
    select
        month_index,
        months_covered_before,
        is_complete,
        month
    from {{ ref('strata', 'int_covered_months') }}
),

-- What is sold in a month is also what later months are compared with.
counted as (
    select
        {{ key | join(', ') }},
        {{ measures | join(', ') }},
        {%- for column in compared %}
        0 as {{ column }},
        {%- endfor %}
        month_index
    from sold
    {%- for column, months_before in compared.items() %}
    union all
    select
        {{ key | join(', ') }},
        {%- for measure in measures %}
        0 as {{ measure }},
        {%- endfor %}
        {%- for other in compared %}
        {{ 'revenue' if other == column else 0 }} as {{ other }},
        {%- endfor %}
        month_index + {{ months_before }} as month_index
    from sold
    {%- endfor %}
),

demand as (
    select
        {%- for column in key %}
        counted.{{ column }},
        {%- endfor %}
        {%- for measure, data_type in measures.items() %}
        cast(sum(counted.{{ measure }}) as {{ data_type }}) as {{ measure }},
        {%- endfor %}
        {%- for column, months_before in compared.items() %}
        cast(
            case when months.months_covered_before >= {{ months_before }} then sum(counted.{{ column }}) end
            as decimal(18, 2)
        ) as {{ column }},
        {%- endfor %}
        months.is_complete,
        months.month
    from counted
    inner join months on counted.month_index = months.month_index
    group by
        {%- for column in key %}
        counted.{{ column }},
        {%- endfor %}
        months.months_covered_before,
        months.is_complete,
        months.month
)

select * from demand
