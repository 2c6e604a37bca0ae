{{ config(materialized='table') }}  -- small, and read for every customer
{%- set measures = score_measures() %}

with

components as (
    {{ rows_in_force(
        ref('strata', 'int_score_components'), ['measure', 'weight', 'zero_at', 'slope', 'is_log']
    ) }}
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
