{%- set measures = score_measures() %}

with

history as (
    select * from {{ ref('strata', 'customer_tier_history') }}
    where is_current
),

parameters as (
    select * from {{ ref('strata', 'int_market_parameters') }}
),

components as (
    {{ rows_in_force(ref('score_components'), ['component', 'measure']) }}
),

scaled as (
    {{ scaled_measures('history', 'parameters', measures) }}
),

contributed as (
    select
        scaled.customer_id,
        components.component,
        scaled.measure,
        scaled.measure_value,
        scaled.scaled_value,
        scaled.weight,
        scaled.weight * scaled.scaled_value / nullif(scaled.score_coverage, 0) as contribution,
        scaled.evaluation_date
    from scaled
    inner join components
        on
            scaled.evaluation_date = components.evaluation_date
            and scaled.market = components.market
            and scaled.measure = components.measure
)

select * from contributed
