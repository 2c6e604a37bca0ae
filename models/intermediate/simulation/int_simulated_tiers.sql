{{ config(materialized='table') }}  -- read by the simulation and by its rank correlations
{%- set table = decision_table('tier_rules') %}

with

rule_sets as (
    select rule_set
    from {{ ref('strata', 'int_simulated_rules_in_force') }}
    group by rule_set
),

backtest_dates as (
    select max(evaluation_date) as evaluation_date
    from {{ ref('strata', 'int_evaluation_dates') }}
    where horizon_date is not null
),

outcomes as (
    select * from {{ ref('strata', 'int_customer_outcomes') }}
),

tiers as (
    select
        tier_code,
        tier_rank
    from {{ ref('tiers') }}
),

evaluations as (
    select
        history.customer_id,
        history.market,
        rule_sets.rule_set,
        {{ measure_columns(table, 'history') }},
        history.net_revenue_12m as revenue_of_12m,
        case
            when backtest_dates.evaluation_date is not null
                then coalesce(outcomes.net_revenue_next_90d, 0)
        end as net_revenue_next_90d,
        history.is_current,
        history.evaluation_date
    from {{ ref('strata', 'customer_tier_history') }} as history
    cross join rule_sets
    left join backtest_dates on history.evaluation_date = backtest_dates.evaluation_date
    left join outcomes
        on
            history.customer_id = outcomes.customer_id
            and history.evaluation_date = outcomes.evaluation_date
    where history.is_current or backtest_dates.evaluation_date is not null
),

{{ match_rules(
    'evaluations',
    'tier_rules',
    table,
    ref('strata', 'int_simulated_rules_in_force'),
    ref('strata', 'int_simulated_rule_ranges'),
    {'outcome': 'tier_code'},
    rule_set='evaluations.rule_set',
) }},

simulated as (
    select
        matched.customer_id,
        matched.rule_set,
        matched.tier_code,
        tiers.tier_rank,
        matched.revenue_of_12m as net_revenue_12m,
        matched.net_revenue_next_90d,
        matched.is_current,
        matched.evaluation_date
    from tier_rules_matched as matched
    inner join tiers on matched.tier_code = tiers.tier_code
)

select * from simulated
