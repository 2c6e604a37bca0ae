{%- set text = dbt.type_string() %}
{%- set double = type_double() %}
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
        cast(sum(case when candidates.is_current then 1 else 0 end) as integer) as customers,
        cast(sum(case when candidates.is_current then candidates.net_revenue_12m else 0 end) as decimal(18, 2))
            as net_revenue_12m,
        cast(count(candidates.net_revenue_next_90d) as integer) as backtest_customers,
        cast(sum(candidates.net_revenue_next_90d) as decimal(18, 2)) as backtest_net_revenue
    from simulated as candidates
    inner join simulated as live
        on
            candidates.customer_id = live.customer_id
            and candidates.evaluation_date = live.evaluation_date
            and live.rule_set = {{ live }}
    where candidates.rule_set <> {{ live }}
    group by
        candidates.rule_set,
        live.tier_code,
        candidates.tier_code,
        live.tier_rank,
        candidates.tier_rank
),

tiers as (
    select
        tier_code,
        label_en
    from {{ ref('tiers') }}
),

backtest_dates as (
    select max(evaluation_date) as evaluation_date
    from {{ ref('strata', 'int_evaluation_dates') }}
    where horizon_date is not null
),

backtested as (
    select * from simulated
    where net_revenue_next_90d is not null
),

{{ rank_correlation('backtested', ['rule_set'], 'tier_rank', 'net_revenue_next_90d') }},

-- What a customer brought in the 90 days, by what one did on average.
lifted as (
    select
        moves.*,
        cast(moves.backtest_net_revenue as {{ double }}) / nullif(moves.backtest_customers, 0)
        / nullif(
            cast(sum(moves.backtest_net_revenue) over (partition by moves.rule_set) as {{ double }})
            / sum(moves.backtest_customers) over (partition by moves.rule_set),
            0
        ) as backtest_lift
    from moves
),

simulation as (
    select
        lifted.rule_set,
        lifted.live_tier_code,
        lifted.simulated_tier_code,
        case
            when lifted.live_tier_rank = lifted.simulated_tier_rank
                then live_tiers.label_en || ' as before: '
            else live_tiers.label_en || ' to ' || simulated_tiers.label_en || ': '
        end
        || {{ counted('lifted.customers', 'customer') }} || ' with '
        || {{ money('lifted.net_revenue_12m') }} || ' net revenue in 12 months'
        || case
            when lifted.backtest_customers > 0
                then
                    '; the ' || cast(lifted.backtest_customers as {{ text }}) || ' of '
                    || cast(backtest_dates.evaluation_date as {{ text }}) || ' brought '
                    || {{ money('lifted.backtest_net_revenue') }} || ' in the 90 days after'
                    || coalesce(
                        ', ' || {{ rounded('lifted.backtest_lift') }}
                        || ' times the average of a customer', ''
                    )
            else ''
        end || '.' as summary,
        lifted.live_tier_rank,
        lifted.simulated_tier_rank,
        lifted.customers,
        lifted.net_revenue_12m,
        lifted.backtest_customers,
        lifted.backtest_net_revenue,
        lifted.backtest_lift,
        correlations.rank_correlation,
        live_correlations.rank_correlation as live_rank_correlation,
        {{ as_of_date() }} as evaluation_date,
        backtest_dates.evaluation_date as backtest_date
    from lifted
    inner join tiers as live_tiers on lifted.live_tier_code = live_tiers.tier_code
    inner join tiers as simulated_tiers on lifted.simulated_tier_code = simulated_tiers.tier_code
    left join backtest_dates on lifted.backtest_customers > 0
    left join correlations on lifted.rule_set = correlations.rule_set
    left join correlations as live_correlations
        on live_correlations.rule_set = {{ live }}
)

select * from simulation
