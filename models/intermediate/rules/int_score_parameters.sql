{{ config(materialized='table') }}  -- small, and read for every customer
{%- set measures = score_measures() %}

with

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

-- One row per date and market, so that a customer's measures are scaled without a join for each.
score_parameters as (
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
)

select * from score_parameters
