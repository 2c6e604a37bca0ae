{%- set live = "'" ~ var('tier_rule_set') ~ "'" %}

with

simulated as (
    select * from {{ ref('strata', 'int_simulated_tiers') }}
),

-- Each customer under a candidate beside the same customer under the rules in force.
moves as (
    select
        candidates.rule_set,
        live.tier_code as live_tier_code,
        candidates.tier_code as simulated_tier_code,
        live.tier_rank as live_tier_rank,
        candidates.tier_rank as simulated_tier_rank,
        candidates.net_revenue_12m,
        candidates.net_revenue_next_90d,
        candidates.is_current
    from simulated as candidates
    inner join simulated as live
        on
            candidates.customer_id = live.customer_id
            and candidates.evaluation_date = live.evaluation_date
            and live.rule_set = {{ live }}
    where candidates.rule_set <> {{ live }}
),

counted as (
    select
        rule_set,
        live_tier_code,
        simulated_tier_code,
        live_tier_rank,
        simulated_tier_rank,
        cast(sum(case when is_current then 1 else 0 end) as integer) as customers,
        cast(sum(case when is_current then net_revenue_12m else 0 end) as decimal(18, 2))
            as net_revenue_12m,
        cast(count(net_revenue_next_90d) as integer) as backtest_customers,
        cast(sum(net_revenue_next_90d) as decimal(18, 2)) as backtest_net_revenue
    from moves
    group by
        rule_set,
        live_tier_code,
        simulated_tier_code,
        live_tier_rank,
        simulated_tier_rank
)

select * from counted
