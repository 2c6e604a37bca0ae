{#- CTEs up to `rule_ranges`: one row per scope of the rules in force, measure and range of its values,
    null being one, or code, '' being any that no rule names. The mask has the bits of the rules that
    admit it. Ranges that the same rules admit, one after the other, are one. -#}
{% macro rule_ranges(rules_in_force, conditions) -%}
    conditions as (
        select
            rules_in_force.scope_id,
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

    -- The null bound is where the first range begins: below all bounds.
    bounds as (
        select
            scope_id,
            measure,
            low as bound
        from conditions
        where low is not null
        union
        select
            scope_id,
            measure,
            high as bound
        from conditions
        where high is not null
        union
        select
            scope_id,
            measure,
            cast(null as {{ bound_type() }}) as bound
        from conditions
        where measure_type <> 'code'
    ),

    -- A bound is a piece of the line, and what is between it and the next another.
    pieces as (
        select
            scope_id,
            measure,
            0 as is_between,
            bound as piece_from,
            bound as piece_to
        from bounds
        where bound is not null
        union all
        select
            scope_id,
            measure,
            1 as is_between,
            bound as piece_from,
            lead(bound) over (partition by scope_id, measure order by bound nulls first) as piece_to
        from bounds
    ),

    masked_pieces as (
        select
            pieces.scope_id,
            pieces.measure,
            pieces.is_between,
            pieces.piece_from,
            pieces.piece_to,
            bit_or(
                case
                    when
                        (
                            conditions.low is null
                            or pieces.piece_from > conditions.low
                            or (
                                pieces.piece_from = conditions.low
                                and (conditions.includes_low or pieces.is_between = 1)
                            )
                        )
                        and (
                            conditions.high is null
                            or pieces.piece_to < conditions.high
                            or (
                                pieces.piece_to = conditions.high
                                and (conditions.includes_high or pieces.is_between = 1)
                            )
                        )
                        then conditions.rule_bit
                    else 0
                end
            ) as mask
        from pieces
        inner join conditions
            on pieces.scope_id = conditions.scope_id and pieces.measure = conditions.measure
        group by
            pieces.scope_id,
            pieces.measure,
            pieces.is_between,
            pieces.piece_from,
            pieces.piece_to
    ),

    compared as (
        select
            masked_pieces.*,
            case
                when
                    mask = lag(mask) over (
                        partition by scope_id, measure order by piece_from nulls first, is_between
                    )
                    then 0
                else 1
            end as is_new
        from masked_pieces
    ),

    placed as (
        select
            compared.*,
            row_number() over (
                partition by scope_id, measure order by piece_from nulls first, is_between
            ) as place,
            sum(is_new) over (
                partition by scope_id, measure
                order by piece_from nulls first, is_between
                rows unbounded preceding
            ) - 1 as range_number
        from compared
    ),

    -- Places are odd between bounds, and even on one.
    ranges as (
        select
            scope_id,
            measure,
            cast(null as {{ dbt.type_string() }}) as code,
            range_number,
            case when range_number > 0 then min(piece_from) end as range_from,
            min(place) % 2 = 0 as includes_from,
            case when count(piece_to) = count(*) then max(piece_to) end as range_to,
            max(place) % 2 = 0 as includes_to,
            mask
        from placed
        group by
            scope_id,
            measure,
            range_number,
            mask
    ),

    null_ranges as (
        select
            scope_id,
            measure,
            cast(null as {{ dbt.type_string() }}) as code,
            -1 as range_number,
            cast(null as {{ bound_type() }}) as range_from,
            false as includes_from,
            cast(null as {{ bound_type() }}) as range_to,
            false as includes_to,
            bit_or(case when low is null and high is null then rule_bit else 0 end) as mask
        from conditions
        where measure_type <> 'code'
        group by
            scope_id,
            measure
    ),

    named_codes as (
        select
            scope_id,
            measure,
            code
        from conditions
        where code is not null
        union
        select
            scope_id,
            measure,
            '' as code
        from conditions
        where measure_type = 'code'
    ),

    codes as (
        select
            named_codes.scope_id,
            named_codes.measure,
            named_codes.code,
            cast(null as integer) as range_number,
            cast(null as {{ bound_type() }}) as range_from,
            false as includes_from,
            cast(null as {{ bound_type() }}) as range_to,
            false as includes_to,
            bit_or(
                case
                    when conditions.code is null or conditions.code = named_codes.code then conditions.rule_bit
                    else 0
                end
            ) as mask
        from named_codes
        inner join conditions
            on named_codes.scope_id = conditions.scope_id and named_codes.measure = conditions.measure
        group by
            named_codes.scope_id,
            named_codes.measure,
            named_codes.code
    ),

    all_ranges as (
        select * from ranges
        union all
        select * from null_ranges
        union all
        select * from codes
    ),

    scopes as (
        select
            scope_id,
            decision_table,
            rule_set,
            market,
            period_from,
            period_to
        from {{ rules_in_force }}
        group by
            scope_id,
            decision_table,
            rule_set,
            market,
            period_from,
            period_to
    ),

    rule_ranges as (
        select
            scopes.scope_id,
            scopes.decision_table,
            scopes.rule_set,
            scopes.market,
            scopes.period_from,
            scopes.period_to,
            all_ranges.measure,
            all_ranges.code,
            cast(all_ranges.range_number as integer) as range_number,
            all_ranges.range_from,
            all_ranges.includes_from,
            all_ranges.range_to,
            all_ranges.includes_to,
            all_ranges.mask
        from all_ranges
        inner join scopes on all_ranges.scope_id = scopes.scope_id
    )
{%- endmacro %}
