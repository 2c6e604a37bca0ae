-- depends_on: {{ ref('strata', 'int_markets') }}
-- depends_on: {{ ref('strata', 'int_evaluation_dates') }}

with

score_components as (
    {{ seed_in_reporting_currency('score_components', [
        'component_id', 'market', 'component', 'measure', 'weight', 'floor', 'cap', 'scale', 'direction',
        'valid_from', 'valid_to',
    ]) }}
),

scaled as (
    select
        component_id,
        market,
        component,
        measure,
        weight,
        direction,
        coalesce(scale = 'log', false) as is_log,
        case when scale = 'log' then ln(1 + greatest(floor, 0)) else floor end as scaled_floor,
        case when scale = 'log' then ln(1 + greatest(cap, 0)) else cap end as scaled_cap,
        valid_from,
        valid_to
    from score_components
),

-- Less is better: the measure is worth nothing at its cap, and more the farther below.
lines as (
    select
        component_id,
        market,
        component,
        measure,
        weight,
        is_log,
        case when direction = 'down' then scaled_cap else scaled_floor end as zero_at,
        case when direction = 'down' then -1 else 1 end
        / nullif(scaled_cap - scaled_floor, 0) as slope,
        valid_from,
        valid_to
    from scaled
)

select * from lines
