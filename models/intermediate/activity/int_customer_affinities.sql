-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
{{ config(materialized='table') }}  -- so that the mart of customers does not sort the orders

{#- dimension: the purchases that it is a column of -#}
{%- set dimensions = {
    'category': 'products',
    'brand': 'products',
    'channel': 'orders',
    'hour_of_day': 'orders',
    'weekday': 'orders',
} %}

with

orders as (
    select
        customer_id,
        channel,
        cast(extract(hour from {{ business_time('ordered_at') }}) as integer) as hour_of_day,
        -- days since a Monday
        mod({{ days_between("date '1969-12-29'", 'order_date') }}, 7) + 1 as weekday,
        1 as purchases,
        reporting_amount as amount
    from {{ ref('strata', 'int_sales') }}
),

products as (
    select
        customer_products.customer_id,
        products.category,
        products.brand,
        customer_products.order_lines as purchases,
        customer_products.amount
    from {{ ref('strata', 'int_customer_products') }} as customer_products
    inner join {{ ref('strata', 'int_products_checked') }} as products
        on customer_products.product_id = products.product_id
    where products.fate = 'used'
),
{%- for dimension, rows in dimensions.items() %}

{{ dimension }}_counts as (
    select
        customer_id,
        {{ dimension }} as preferred,
        sum(purchases) as purchases,
        sum(amount) as amount
    from {{ rows }}
    where {{ dimension }} is not null
    group by
        customer_id,
        {{ dimension }}
),

{{ dimension }}_ranked as (
    select
        customer_id,
        cast(preferred as {{ dbt.type_string() }}) as preferred,
        purchases,
        sum(purchases) over (partition by customer_id) as all_purchases,
        row_number() over (
            partition by customer_id
            order by purchases desc nulls last, amount desc nulls last, preferred asc nulls last
        ) as place
    from {{ dimension }}_counts
),
{%- endfor %}

affinities as (
    {%- for dimension in dimensions %}
    select
        customer_id,
        '{{ dimension }}' as dimension,
        preferred as preferred_value,
        cast(purchases as {{ type_double() }}) / cast(all_purchases as {{ type_double() }})
            as preferred_share,
        cast(all_purchases as integer) as purchases
    from {{ dimension }}_ranked
    where place = 1
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
)

select * from affinities
