with

described as (
    select
        customers.customer_id,
        lower(customers.gender) as gender,
        lower(regions.region_group) as region_group,
        lower(cities.urbanity) as urbanity,
        lower(customers.occupation) as occupation,
        lower(customers.income_band) as income_band,
        lower(customers.industry) as industry,
        lower(customers.acquisition_channel) as acquisition_channel,
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
    {{ in_segments('gender') }}
    union all
    {{ in_segments('region_group') }}
    union all
    {{ in_segments('urbanity') }}
    union all
    {{ in_segments('occupation') }}
    union all
    {{ in_segments('income_band') }}
    union all
    {{ in_segments('industry') }}
    union all
    {{ in_segments('acquisition_channel') }}
    union all
    {{ in_segments('age_band', number='age_years') }}
    union all
    {{ in_segments('company_size', number='employee_count') }}
)

select * from matched
