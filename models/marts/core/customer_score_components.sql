-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
{%- set measures = score_measures() %}

with

history as (
    select * from {{ ref('strata', 'customer_tier_history') }}
    where is_current
),

parameters as (
    select * from {{ ref('strata', 'int_score_parameters') }}
),

components as (
    {{ rows_in_force(ref('strata', 'int_score_components'), ['component', 'measure']) }}
),

scaled as (
    {%- for measure in measures %}
    select
        history.customer_id,
        history.market,
        '{{ measure }}' as measure,
        cast(history.{{ measure }} as {{ type_double() }}) as measure_value,
        {{ scaled_measure('history.' ~ measure, 'parameters.' ~ measure) }} as scaled_value,
        parameters.{{ measure }}_weight as weight,
        history.score_coverage,
        history.evaluation_date
    from history
    inner join parameters
        on
            history.evaluation_date = parameters.evaluation_date
            and history.market = parameters.market
    where parameters.{{ measure }}_weight is not null
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
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
