{#- The line of each measure is cut into ranges; a cell is one range of each, and the rules that it meets are
    the same for everybody in it. -#}

{#- CTEs up to `<seed>_cells`: one row per market and cell of a decision table in force on the last
    evaluation date, with the outcome of the first rule that it meets. An open bound is a step of the measure
    farther, so that both are included. -#}
{% macro rule_cells(seed_name, measures, rules_in_force, rule_ranges) -%}
    {%- set rules = seed_name ~ '_in_force' -%}
    {%- set ranges = seed_name ~ '_ranges' -%}
    measures as (
        {{ declared_measures() | indent(4) }}
    ),

    {{ rules }} as (
        select
            rules.scope_id,
            rules.market,
            rules.rule_bit,
            rules.outcome
        from {{ rules_in_force }} as rules
        inner join {{ ref('strata', 'int_evaluation_dates') }} as dates
            on
                rules.period_from <= dates.evaluation_date
                and (rules.period_to > dates.evaluation_date or rules.period_to is null)
        where rules.decision_table = '{{ seed_name }}' and dates.is_current
    ),

    {{ ranges }} as (
        select
            ranges.scope_id,
            ranges.measure,
            ranges.range_number as step,
            ranges.mask,
            ranges.range_from + case when ranges.includes_from then 0 else measures.step end as step_from,
            ranges.range_to + case when ranges.includes_to then measures.step else 0 end as step_to
        from {{ rule_ranges }} as ranges
        inner join measures on ranges.measure = measures.measure
        where ranges.decision_table = '{{ seed_name }}'
    ),

    {{ seed_name }}_scopes as (
        select
            scope_id,
            market
        from {{ rules }}
        group by
            scope_id,
            market
    ),

    {{ seed_name }}_grid as (
        select
            scopes.scope_id,
            scopes.market,
            {{ each(
                '{}_ranges.step as {}_step, {}_ranges.step_from as {}_from, {}_ranges.step_to as {}_to', measures
            ) }},
            {{ each('{}_ranges.mask', measures, ' &') }} as rules_met
        from {{ seed_name }}_scopes as scopes
        {%- for measure in measures %}
        inner join {{ ranges }} as {{ measure }}_ranges
            on
                scopes.scope_id = {{ measure }}_ranges.scope_id
                and {{ measure }}_ranges.measure = '{{ measure }}'
        {%- endfor %}
    ),

    {{ seed_name }}_cells as (
        select
            row_number() over (order by grid.scope_id, {{ each('grid.{}_step', measures) }}) as cell_id,
            grid.*,
            rules.outcome
        from {{ seed_name }}_grid as grid
        inner join {{ rules }} as rules
            on grid.scope_id = rules.scope_id and {{ first_rule('grid.rules_met') }} = rules.rule_bit
    )
{%- endmacro %}
