{%- set double = type_double() %}
{%- set forecasts = ['expected', 'baseline', 'naive'] %}

with

backtested as (
    select * from {{ ref('int_evaluations_backtested') }}
),

by_tier as (
    select
        tier_code,
        tier_rank,
        count(*) as customers,
        sum(case when orders > 0 then 1 else 0 end) as buyers,
        sum(case when lifetime_orders > 0 then 1 else 0 end) as prior_buyers,
        sum(case when lifetime_orders > 0 and orders > 0 then 1 else 0 end) as returning_buyers,
        sum(orders) as orders,
        sum(purchase_days) as purchase_days,
        min(case when is_out_of_sample then 1 else 0 end) = 1 as is_out_of_sample,
        cast(sum(net_revenue) as decimal(18, 2)) as net_revenue,
        avg(p_alive) as mean_p_alive,
        sum(expected_orders) as expected_orders,
        -- one customer without a forecast leaves the tier without one
        {%- for forecast in forecasts %}
        case when count(*) = count({{ forecast }}_revenue) then sum({{ forecast }}_revenue) end
            as {{ forecast }}_revenue,
        case
            when count(*) = count({{ forecast }}_revenue)
                then avg(abs({{ forecast }}_revenue - cast(net_revenue as {{ double }})))
        end as {{ forecast }}_error,
        {%- endfor %}
        evaluation_date,
        horizon_date
    from backtested
    group by
        tier_code,
        tier_rank,
        evaluation_date,
        horizon_date
)

select * from by_tier
