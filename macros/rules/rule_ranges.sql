{#- CTEs up to `rule_ranges`: one row per scope of the rules in force, measure and range of its values,
    null being one, or code, '' being any that no rule names. The mask has the bits of the rules that
    admit it. A condition begins at an edge and ends at another; an edge is a bound, or just after it. -#}
{% macro rule_ranges(rules_in_force, conditions) -%}
    {%- set line = ['scope_id', 'decision_table', 'rule_set', 'market', 'period_from', 'period_to', 'measure'] -%}
    {%- set range = ['code', 'range_number', 'range_from', 'includes_from', 'range_to', 'includes_to'] -%}
    {%- set along = 'partition by scope_id, measure order by edge nulls first, is_after nulls first' -%}
    {%- set no_bound = 'cast(null as ' ~ bound_type() ~ ')' -%}
    in_force as (
        select
            {{ each('rules_in_force.{}', line[:-1]) }},
            rules_in_force.rule_bit,
            conditions.measure,
            conditions.measure_type,
            conditions.code,
            conditions.low,
            conditions.includes_low,
            conditions.high,
            conditions.includes_high
        from {{ rules_in_force }} as rules_in_force
        inner join {{ conditions }} as conditions
            on
                rules_in_force.decision_table = conditions.decision_table
                and rules_in_force.rule_id = conditions.rule_id
    ),

    lines as (
        select
            {{ each('{}', line) }},
            measure_type = 'code' as is_code
        from in_force
        group by
            {{ each('{}', line) }},
            measure_type
    ),

    -- A line begins below all bounds, where the edge is null.
    edges as (
        select
            scope_id,
            measure,
            {{ no_bound }} as edge,
            false as is_after
        from lines
        where not is_code
        union
        select
            scope_id,
            measure,
            low as edge,
            not includes_low as is_after
        from in_force
        where low is not null
        union
        select
            scope_id,
            measure,
            high as edge,
            includes_high as is_after
        from in_force
        where high is not null
    ),

    ranges as (
        select
            scope_id,
            measure,
            cast(null as {{ dbt.type_string() }}) as code,
            cast(row_number() over ({{ along }}) - 1 as integer) as range_number,
            edge as range_from,
            edge is not null and not is_after as includes_from,
            lead(edge) over ({{ along }}) as range_to,
            coalesce(lead(is_after) over ({{ along }}), false) as includes_to
        from edges
    ),

    codes as (
        select
            scope_id,
            measure,
            code
        from in_force
        where code is not null
        union
        select
            scope_id,
            measure,
            '' as code
        from lines
        where is_code
    ),

    all_ranges as (
        select * from ranges
        union all
        select
            scope_id,
            measure,
            cast(null as {{ dbt.type_string() }}) as code,
            -1 as range_number,
            {{ no_bound }} as range_from,
            false as includes_from,
            {{ no_bound }} as range_to,
            false as includes_to
        from lines
        where not is_code
        union all
        select
            scope_id,
            measure,
            code,
            cast(null as integer) as range_number,
            {{ no_bound }} as range_from,
            false as includes_from,
            {{ no_bound }} as range_to,
            false as includes_to
        from codes
    ),

    -- A condition that admits where a range begins admits all of it.
    rule_ranges as (
        select
            {{ each('in_force.{}', line) }},
            {{ each('all_ranges.{}', range) }},
            bit_or(
                case
                    when
                        (in_force.code is null or in_force.code = all_ranges.code)
                        and (
                            in_force.low is null
                            or in_force.low < all_ranges.range_from
                            or (
                                in_force.low = all_ranges.range_from
                                and (in_force.includes_low or not all_ranges.includes_from)
                            )
                        )
                        and (
                            in_force.high is null
                            or all_ranges.range_number = 0
                            or in_force.high > all_ranges.range_from
                            or (
                                in_force.high = all_ranges.range_from
                                and in_force.includes_high
                                and all_ranges.includes_from
                            )
                        )
                        then in_force.rule_bit
                    else 0
                end
            ) as mask
        from all_ranges
        inner join in_force
            on all_ranges.scope_id = in_force.scope_id and all_ranges.measure = in_force.measure
        group by
            {{ each('in_force.{}', line) }},
            {{ each('all_ranges.{}', range) }}
    )
{%- endmacro %}
