-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
{%- set text = dbt.type_string() %}
{%- set double = type_double() %}
{%- set forecasts = ['expected', 'baseline', 'naive'] %}

with

backtested as (
    select * from {{ ref('int_evaluations_backtested') }}
),

by_tier as (
    select * from {{ ref('int_tiers_backtested') }}
),

tiers as (
    select
        tier_code,
        label_en
    from {{ ref('tiers') }}
),

{{ rank_correlation('backtested', ['evaluation_date'], 'tier_rank', 'net_revenue') }},

-- Beside all customers of the date, and beside those of this tier and above.
accumulated as (
    select
        by_tier.*
        {%- for measure in ['customers', 'net_revenue'] %},
        cast(sum(by_tier.{{ measure }}) over (partition by by_tier.evaluation_date) as {{ double }})
            as all_{{ measure }},
        cast(
            sum(by_tier.{{ measure }}) over (
                partition by by_tier.evaluation_date
                order by by_tier.tier_rank desc
                rows unbounded preceding
            ) as {{ double }}
        ) as upper_{{ measure }}
        {%- endfor %}
    from by_tier
),

compared as (
    select
        accumulated.*,
        cast(accumulated.customers as {{ double }}) / accumulated.all_customers as customer_share,
        accumulated.upper_customers / accumulated.all_customers as customer_capture,
        cast(accumulated.net_revenue as {{ double }}) / nullif(accumulated.all_net_revenue, 0)
            as revenue_share,
        accumulated.upper_net_revenue / nullif(accumulated.all_net_revenue, 0) as revenue_capture
    from accumulated
),

backtest as (
    select
        compared.tier_code,
        tiers.label_en || ': ' || {{ percent('compared.customer_share') }} || ' of the customers ('
        || cast(compared.customers as {{ text }}) || ') brought '
        || coalesce({{ percent('compared.revenue_share') }} || ' of ', '')
        || 'the net revenue of the next 90 days, ' || {{ money('compared.net_revenue') }}
        || coalesce(
            ', ' || {{ rounded('compared.revenue_share / compared.customer_share') }}
            || ' times the average of a customer', ''
        )
        || '; CLV expected ' || {{ money('compared.expected_revenue') }}
        || ', a quarter of last year''s revenue is ' || {{ money('compared.naive_revenue') }} || '.'
            as summary,
        compared.tier_rank,
        cast(compared.customers as integer) as customers,
        cast(compared.buyers as integer) as buyers,
        cast(compared.prior_buyers as integer) as prior_buyers,
        cast(compared.returning_buyers as integer) as returning_buyers,
        cast(compared.orders as integer) as orders,
        cast(compared.purchase_days as integer) as purchase_days,
        compared.net_revenue,
        compared.customer_share,
        compared.customer_capture,
        compared.revenue_share,
        compared.revenue_capture,
        compared.revenue_share / compared.customer_share as lift,
        cast(compared.returning_buyers as {{ double }}) / nullif(compared.prior_buyers, 0)
            as repurchase_rate,
        correlations.rank_correlation,
        compared.mean_p_alive,
        compared.expected_orders,
        {%- for forecast in forecasts %}
        cast(compared.{{ forecast }}_revenue as decimal(18, 2)) as {{ forecast }}_revenue,
        compared.{{ forecast }}_error,
        {%- endfor %}
        compared.is_out_of_sample,
        compared.evaluation_date,
        compared.horizon_date
    from compared
    inner join tiers on compared.tier_code = tiers.tier_code
    inner join correlations on compared.evaluation_date = correlations.evaluation_date
)

select * from backtest
