-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
{%- set double = type_double() %}

with

by_tier as (
    select * from {{ ref('strata', 'int_backtested_tiers') }}
),

-- Beside all customers of the date, and beside those of this tier and above; `all` beside itself.
accumulated as (
    select
        by_tier.*
        {%- for measure in ['customers', 'net_revenue'] %},
        cast(
            sum(by_tier.{{ measure }}) over (
                partition by by_tier.evaluation_date, by_tier.tier_rank is null
            ) as {{ double }}
        ) as all_{{ measure }},
        cast(
            sum(by_tier.{{ measure }}) over (
                partition by by_tier.evaluation_date, by_tier.tier_rank is null
                order by by_tier.tier_rank desc nulls last
                rows unbounded preceding
            ) as {{ double }}
        ) as upper_{{ measure }}
        {%- endfor %}
    from by_tier
),

captures as (
    select
        accumulated.*,
        cast(accumulated.customers as {{ double }}) / accumulated.all_customers as customer_share,
        accumulated.upper_customers / accumulated.all_customers as customer_capture,
        cast(accumulated.net_revenue as {{ double }}) / nullif(accumulated.all_net_revenue, 0)
            as revenue_share,
        accumulated.upper_net_revenue / nullif(accumulated.all_net_revenue, 0) as revenue_capture
    from accumulated
)

select * from captures
