{#- whose purchases are counted together: their market and segment as they are called there -#}
{%- set lists = {
    'segment': ('market', 'rfm_segment'),
    'market': ('market', "'all'"),
    'all': ("'all'", "'all'"),
} %}

with

purchases as (
    select * from {{ ref('int_recent_purchases') }}
),

sold as (
    select
        market,
        rfm_segment,
        product_id,
        count(*) as customers
    from purchases
    group by
        market,
        rfm_segment,
        product_id
),

bought as (
    select
        market,
        rfm_segment,
        count(distinct customer_id) as buyers
    from purchases
    group by
        market,
        rfm_segment
),

sold_to as (
    {%- for basis, (market, rfm_segment) in lists.items() %}
    select
        '{{ basis }}' as basis,
        {{ market }} as market,
        {{ rfm_segment }} as rfm_segment,
        product_id,
        customers
    from sold
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

bought_by as (
    {%- for basis, (market, rfm_segment) in lists.items() %}
    select
        '{{ basis }}' as basis,
        {{ market }} as market,
        {{ rfm_segment }} as rfm_segment,
        buyers
    from bought
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

buyers as (
    select
        basis,
        market,
        rfm_segment,
        sum(buyers) as buyers
    from bought_by
    group by
        basis,
        market,
        rfm_segment
),

product_reach as (
    select
        sold_to.basis,
        sold_to.market,
        sold_to.rfm_segment,
        sold_to.product_id,
        cast(sum(sold_to.customers) as integer) as customers,
        cast(buyers.buyers as integer) as buyers,
        cast(sum(sold_to.customers) as {{ type_double() }}) / cast(buyers.buyers as {{ type_double() }})
            as customer_share
    from sold_to
    inner join buyers
        on
            sold_to.basis = buyers.basis
            and sold_to.market = buyers.market
            and sold_to.rfm_segment = buyers.rfm_segment
    group by
        sold_to.basis,
        sold_to.market,
        sold_to.rfm_segment,
        sold_to.product_id,
        buyers.buyers
)

select * from product_reach
