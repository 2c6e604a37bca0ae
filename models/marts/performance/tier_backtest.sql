{%- set text = dbt.type_string() %}
{%- set double = type_double() %}

with

backtested as (
    select * from {{ ref('strata', 'int_backtested_snapshots') }}
),

by_tier as (
    select * from {{ ref('strata', 'int_backtested_tiers') }}
),

labels as (
    select
        tier_code,
        label_en
    from {{ ref('strata', 'int_tier_labels') }}
),

-- Beside all customers of the date, and beside those of this tier and above; `all` beside itself.
accumulated as (
    select
        *,
        cast(
            sum(customers) over (partition by evaluation_date, tier_rank is null) as {{ double }}
        ) as all_customers,
        cast(
            sum(customers) over (
                partition by evaluation_date, tier_rank is null
                order by tier_rank desc nulls last
                rows unbounded preceding
            ) as {{ double }}
        ) as upper_customers,
        cast(
            sum(net_revenue) over (partition by evaluation_date, tier_rank is null) as {{ double }}
        ) as all_net_revenue,
        cast(
            sum(net_revenue) over (
                partition by evaluation_date, tier_rank is null
                order by tier_rank desc nulls last
                rows unbounded preceding
            ) as {{ double }}
        ) as upper_net_revenue
    from by_tier
),

compared as (
    select
        *,
        cast(customers as {{ double }}) / all_customers as customer_share,
        upper_customers / all_customers as customer_capture,
        cast(net_revenue as {{ double }}) / nullif(all_net_revenue, 0) as revenue_share,
        upper_net_revenue / nullif(all_net_revenue, 0) as revenue_capture
    from accumulated
),

{{ rank_correlation('backtested', ['evaluation_date'], 'tier_rank', 'net_revenue') }},

backtest as (
    select
        compared.tier_code,
        case
            when compared.tier_rank is null
                then
                    labels.label_en || ' (' || cast(compared.customers as {{ text }}) || ') brought '
                    || {{ money('compared.net_revenue') }} || ' net revenue in the next 90 days'
            else
                labels.label_en || ': ' || {{ percent('compared.customer_share') }}
                || ' of the customers (' || cast(compared.customers as {{ text }}) || ') brought '
                || coalesce({{ percent('compared.revenue_share') }} || ' of ', '')
                || 'the net revenue of the next 90 days, ' || {{ money('compared.net_revenue') }}
                || coalesce(
                    ', ' || {{ rounded('compared.revenue_share / compared.customer_share') }}
                    || ' times the average of a customer', ''
                )
        end
        || coalesce('; CLV expected ' || {{ money('compared.expected_revenue') }}, '')
        || coalesce(' and was off by ' || {{ money('compared.expected_error') }} || ' per customer', '')
        || '; a quarter of last year''s revenue is ' || {{ money('compared.naive_revenue') }}
        || ', off by ' || {{ money('compared.naive_error') }} || '.' as summary,
        compared.tier_rank,
        compared.customers,
        compared.buyers,
        compared.prior_buyers,
        compared.returning_buyers,
        compared.orders,
        compared.purchase_days,
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
        {{ to_decimal('compared.expected_revenue') }} as expected_revenue,
        compared.expected_error,
        {{ to_decimal('compared.baseline_revenue') }} as baseline_revenue,
        compared.baseline_error,
        {{ to_decimal('compared.naive_revenue') }} as naive_revenue,
        compared.naive_error,
        compared.is_out_of_sample,
        compared.evaluation_date,
        compared.horizon_date
    from compared
    inner join labels on compared.tier_code = labels.tier_code
    inner join correlations on compared.evaluation_date = correlations.evaluation_date
)

select * from backtest
