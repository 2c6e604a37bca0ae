{{ config(materialized='table') }}  -- small, and read for every customer
{%- set measures = score_measures() %}
{%- set clv = [
    'bgnbd_r', 'bgnbd_alpha', 'bgnbd_a', 'bgnbd_b', 'gamma_gamma_p', 'gamma_gamma_q',
    'gamma_gamma_v', 'monthly_discount_rate', 'margin_rate', 'fitted_at', 'fitted_on',
] %}

with

policies as (
    {{ rows_in_force(ref('tier_policies'), ['months_per_downgrade_step']) }}
),

-- A market that does not hold tiers goes along with the step of another: its peak is not used.
downgrade_steps as (
    select
        evaluation_date,
        market,
        coalesce(months_per_downgrade_step > 0, false) as is_held,
        coalesce(
            nullif(months_per_downgrade_step, 0), nullif(max(months_per_downgrade_step) over (), 0), 1
        ) as step
    from policies
),

clv_parameters as (
    {{ seed_in_reporting_currency('clv_parameters', clv + ['market', 'valid_from', 'valid_to']) }}
),

clv as (
    {{ rows_in_force('clv_parameters', clv) }}
),

score_components as (
    {{ seed_in_reporting_currency('score_components', [
        'market', 'measure', 'weight', 'floor', 'cap', 'scale', 'direction', 'valid_from', 'valid_to',
    ]) }}
),

scaled as (
    select
        market,
        measure,
        weight,
        coalesce(scale = 'log', false) as is_log,
        case when scale = 'log' then ln(1 + greatest(floor, 0)) else floor end as scaled_floor,
        case when scale = 'log' then ln(1 + greatest(cap, 0)) else cap end as scaled_cap,
        coalesce(direction = 'down', false) as is_less_better,
        valid_from,
        valid_to
    from score_components
),

-- Less is better: the measure is worth nothing at its cap, and more the farther below.
lines as (
    select
        market,
        measure,
        weight,
        is_log,
        case when is_less_better then scaled_cap else scaled_floor end as zero_at,
        case when is_less_better then -1 else 1 end / nullif(scaled_cap - scaled_floor, 0) as slope,
        valid_from,
        valid_to
    from scaled
),

components as (
    {{ rows_in_force('lines', ['measure', 'weight', 'zero_at', 'slope', 'is_log']) }}
),

scores as (
    select
        evaluation_date,
        market,
        {{ each("max(case when measure = '{}' then weight end) as {}_weight", measures) }},
        {{ each("max(case when measure = '{}' then zero_at end) as {}_zero_at", measures) }},
        {{ each("max(case when measure = '{}' then slope end) as {}_slope", measures) }},
        {{ each("max(case when measure = '{}' and is_log then 1 else 0 end) = 1 as {}_is_log", measures) }}
    from components
    group by
        evaluation_date,
        market
),

-- One row per date and market, so that each customer joins one.
market_parameters as (
    select
        downgrade_steps.evaluation_date,
        downgrade_steps.market,
        downgrade_steps.is_held,
        downgrade_steps.step,
        clv.is_own as has_own_clv,
        {{ each('clv.{}', clv) }},
        {{ each('scores.{}_weight, scores.{}_zero_at, scores.{}_slope, scores.{}_is_log', measures) }}
    from downgrade_steps
    left join clv
        on
            downgrade_steps.evaluation_date = clv.evaluation_date
            and downgrade_steps.market = clv.market
    left join scores
        on
            downgrade_steps.evaluation_date = scores.evaluation_date
            and downgrade_steps.market = scores.market
)

select * from market_parameters
