-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
{%- set texts = {
    'gender': 'customers.gender',
    'region_group': 'regions.region_group',
    'urbanity': 'cities.urbanity',
    'occupation': 'customers.occupation',
    'income_band': 'customers.income_band',
    'industry': 'customers.industry',
    'acquisition_channel': 'customers.acquisition_channel',
} %}
{%- set numbers = {'age_band': 'age_years', 'company_size': 'employee_count'} %}

with

described as (
    select
        customers.customer_id,
        {%- for attribute, column in texts.items() %}
        lower({{ column }}) as {{ attribute }},
        {%- endfor %}
        customers.employee_count,
        cast(
            extract(year from {{ as_of_date() }}) - extract(year from customers.birth_date)
            - case
                when
                    extract(month from {{ as_of_date() }}) * 100 + extract(day from {{ as_of_date() }})
                    < extract(month from customers.birth_date) * 100
                    + extract(day from customers.birth_date)
                    then 1
                else 0
            end as integer
        ) as age_years
    from {{ ref('strata', 'int_customers') }} as customers
    left join {{ ref('regions') }} as regions
        on customers.country = regions.country and customers.region = regions.region
    left join {{ ref('cities') }} as cities
        on customers.country = cities.country and customers.city = cities.city
),

segments as (
    select
        attribute,
        segment_code,
        coalesce(
            lag(upper_bound) over (partition by attribute order by upper_bound nulls last, sort_order),
            -1
        ) as above,
        upper_bound
    from {{ ref('attribute_segments') }}
),

matched as (
    {%- for attribute in texts %}
    select
        described.customer_id,
        '{{ attribute }}' as attribute,
        coalesce(segments.segment_code, 'unknown') as segment_code
    from described
    left join segments
        on segments.attribute = '{{ attribute }}' and described.{{ attribute }} = segments.segment_code
    union all
    {%- endfor %}
    {%- for attribute, number in numbers.items() %}
    select
        described.customer_id,
        '{{ attribute }}' as attribute,
        coalesce(segments.segment_code, 'unknown') as segment_code
    from described
    left join segments
        on
            segments.attribute = '{{ attribute }}'
            and described.{{ number }} > segments.above
            and described.{{ number }} <= segments.upper_bound
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
)

select * from matched
