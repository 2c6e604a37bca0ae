{#- One row per defect of the composite score: a measure that is none, an empty or inverted scale, a
    measure twice, weights of a market that do not sum to 1 on some date. -#}
{% test score_components(model) %}

{{ config(meta={'reports_rules': true}) }}
{%- set text = dbt.type_string() %}

with

components as (
    select * from {{ model }}
),

known as (
    {%- for measure in score_measures() %}
    select '{{ measure }}' as measure
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

row_defects as (
    select
        components.component_id,
        case
            when
                components.component_id is null
                or components.component is null
                or components.weight is null
                or components.floor is null
                or components.cap is null
                or components.valid_from is null
                then 'component_id, component, weight, floor, cap and valid_from must not be blank'
            when known.measure is null
                then
                    'the measure ' || coalesce(components.measure, '(blank)')
                    || ' is unknown; known are {{ score_measures() | join(", ") }}'
            when markets.market is null then 'the market ' || components.market || ' is not in markets'
            when components.weight < 0 then 'the weight is below 0'
            when components.cap <= components.floor then 'the floor is not below the cap'
            when components.scale = 'log' and components.floor < 0
                then 'the floor of a log scale is below 0'
            when components.scale not in ('linear', 'log') or components.scale is null
                then 'the scale must be linear or log'
            when components.direction not in ('up', 'down') or components.direction is null
                then 'the direction must be up or down'
            when components.valid_from >= components.valid_to then 'valid_from is not before valid_to'
        end as defect
    from components
    left join known on components.measure = known.measure
    left join ({{ every_market() }}) as markets on components.market = markets.market
),

in_force as (
    {{ rows_in_force(model, ['component_id', 'measure', 'weight']) }}
),

twice as (
    select
        max(component_id) as component_id,
        'the measure ' || measure || ' is there ' || cast(count(*) as {{ text }})
        || ' times in market ' || market || ' on ' || cast(evaluation_date as {{ text }}) as defect
    from in_force
    group by
        evaluation_date,
        market,
        measure
    having count(*) > 1
),

weights as (
    select
        dates.evaluation_date,
        markets.market,
        coalesce(sum(in_force.weight), 0) as weight
    from {{ ref('strata', 'int_evaluation_dates') }} as dates
    cross join ({{ every_market() }}) as markets
    left join in_force
        on
            dates.evaluation_date = in_force.evaluation_date
            and markets.market = in_force.market
    group by
        dates.evaluation_date,
        markets.market
),

defects as (
    select
        component_id,
        defect
    from row_defects
    where defect is not null
    union all
    select
        component_id,
        defect
    from twice
    union all
    select
        'market ' || market as component_id,
        'the weights sum to ' || cast(weight as {{ text }}) || ' on '
        || {{ days_told('evaluation_date') }} || ', they must sum to 1' as defect
    from weights
    where abs(weight - 1) > 1e-9
    group by
        market,
        weight
)

select
    '{{ model.identifier }}' as seed_name,
    component_id as rule_id,
    defect
from defects

{% endtest %}
