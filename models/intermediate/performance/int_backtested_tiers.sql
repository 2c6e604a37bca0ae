-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
{%- set forecasts = ['expected', 'baseline', 'naive'] %}
{%- set sums = {
    'customers': '1',
    'buyers': 'case when orders > 0 then 1 else 0 end',
    'prior_buyers': 'case when lifetime_orders > 0 then 1 else 0 end',
    'returning_buyers': 'case when lifetime_orders > 0 and orders > 0 then 1 else 0 end',
    'out_of_sample_customers': 'case when is_out_of_sample then 1 else 0 end',
    'orders': 'orders',
    'purchase_days': 'purchase_days',
    'net_revenue': 'net_revenue',
    'alive_customers': 'case when p_alive is not null then 1 else 0 end',
    'p_alive': 'p_alive',
    'expected_orders': 'expected_orders',
} %}
{%- for forecast in forecasts %}
    {%- set revenue = forecast ~ '_revenue' %}
    {%- do sums.update({
        forecast ~ '_customers': 'case when ' ~ revenue ~ ' is not null then 1 else 0 end',
        revenue: revenue,
        forecast ~ '_error': 'abs(' ~ revenue ~ ' - cast(net_revenue as ' ~ type_double() ~ '))',
    }) %}
{%- endfor %}

with

by_tier as (
    select
        tier_code,
        tier_rank,
        {%- for name, summed in sums.items() %}
        sum({{ summed }}) as {{ name }},
        {%- endfor %}
        evaluation_date,
        horizon_date
    from {{ ref('strata', 'int_backtested_snapshots') }}
    group by
        tier_code,
        tier_rank,
        evaluation_date,
        horizon_date
),

of_all as (
    select
        'all' as tier_code,
        cast(null as integer) as tier_rank,
        {%- for name in sums %}
        sum({{ name }}) as {{ name }},
        {%- endfor %}
        evaluation_date,
        horizon_date
    from by_tier
    group by
        evaluation_date,
        horizon_date
),

united as (
    select * from by_tier
    union all
    select * from of_all
),

backtested as (
    select
        tier_code,
        tier_rank,
        {%- for count in [
            'customers', 'buyers', 'prior_buyers', 'returning_buyers', 'orders', 'purchase_days',
        ] %}
        cast({{ count }} as integer) as {{ count }},
        {%- endfor %}
        cast(net_revenue as decimal(18, 2)) as net_revenue,
        p_alive / nullif(alive_customers, 0) as mean_p_alive,
        -- one customer without a forecast leaves the tier without one
        case when expected_customers = customers then expected_orders end as expected_orders,
        {%- for forecast in forecasts %}
        case when {{ forecast }}_customers = customers then {{ forecast }}_revenue end
            as {{ forecast }}_revenue,
        case when {{ forecast }}_customers = customers then {{ forecast }}_error / customers end
            as {{ forecast }}_error,
        {%- endfor %}
        out_of_sample_customers = customers as is_out_of_sample,
        evaluation_date,
        horizon_date
    from united
)

select * from backtested
