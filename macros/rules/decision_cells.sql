{#- CTEs up to `cells`: one row per rule set, market, period and cell, with the rule that wins it. -#}
{% macro decision_cells(table, rules_in_force) -%}
    rules_in_force as (
        select * from {{ rules_in_force }}
    ),

    scopes as (
        select
            scope_id,
            rule_set,
            market,
            period_from,
            period_to
        from rules_in_force
        group by
            scope_id,
            rule_set,
            market,
            period_from,
            period_to
    ),
    {% for measure in table.measures %}
    -- The null bound is where step 0 begins: below all bounds.
    {{ measure }}_bounds as (
        {%- for side in ['min', 'max'] %}
        select
            scope_id,
            {{ side }}_{{ measure }} as bound
        from rules_in_force
        where {{ side }}_{{ measure }} is not null
        union
        {%- endfor %}
        select
            scope_id,
            null as bound
        from scopes
    ),

    {{ measure }}_steps as (
        select
            scope_id,
            row_number() over (partition by scope_id order by bound nulls first) - 1 as step,
            bound as step_from,
            lead(bound) over (partition by scope_id order by bound nulls first) as step_to
        from {{ measure }}_bounds
        union all
        select
            scope_id,
            -1 as step,
            null as step_from,
            null as step_to
        from scopes
    ),
    {% endfor %}
    {%- for code in table.codes %}
    {{ code }}_values as (
        select
            scope_id,
            {{ code }} as value
        from rules_in_force
        where {{ code }} is not null
        union
        select
            scope_id,
            '' as value
        from scopes
    ),
    {% endfor %}
    grid as (
        select
            scopes.*
            {%- for measure in table.measures %},
            {{ measure }}_steps.step as {{ measure }}_step,
            {{ measure }}_steps.step_from as {{ measure }}_from,
            {{ measure }}_steps.step_to as {{ measure }}_to
            {%- endfor %}
            {%- for code in table.codes %},
            {{ code }}_values.value as {{ code }}_value
            {%- endfor %}
        from scopes
        {%- for measure in table.measures %}
        inner join {{ measure }}_steps on scopes.scope_id = {{ measure }}_steps.scope_id
        {%- endfor %}
        {%- for code in table.codes %}
        inner join {{ code }}_values on scopes.scope_id = {{ code }}_values.scope_id
        {%- endfor %}
    ),

    matches as (
        select
            grid.*,
            rules_in_force.rule_id,
            rules_in_force.priority,
            rules_in_force.outcome,
            row_number() over (
                partition by
                    grid.scope_id
                    {%- for measure in table.measures %},
                    grid.{{ measure }}_step
                    {%- endfor %}
                    {%- for code in table.codes %},
                    grid.{{ code }}_value
                    {%- endfor %}
                order by rules_in_force.priority nulls last, rules_in_force.rule_id
            ) as match_rank
        from grid
        left join rules_in_force
            on
                grid.scope_id = rules_in_force.scope_id
                and rules_in_force.rule_id is not null
                {%- for measure in table.measures %}
                and (
                    rules_in_force.min_{{ measure }} is null
                    or grid.{{ measure }}_from >= rules_in_force.min_{{ measure }}
                )
                and (
                    rules_in_force.max_{{ measure }} is null
                    or (
                        grid.{{ measure }}_step >= 0
                        and grid.{{ measure }}_to <= rules_in_force.max_{{ measure }}
                    )
                )
                {%- endfor %}
                {%- for code in table.codes %}
                and (
                    rules_in_force.{{ code }} is null
                    or grid.{{ code }}_value = rules_in_force.{{ code }}
                )
                {%- endfor %}
    ),

    cells as (
        select
            rule_set,
            market,
            {%- for measure in table.measures %}
            {{ measure }}_step,
            {{ measure }}_from,
            {{ measure }}_to,
            {%- endfor %}
            {%- for code in table.codes %}
            {{ code }}_value,
            {%- endfor %}
            rule_id,
            priority,
            outcome,
            period_from,
            period_to
        from matches
        where match_rank = 1
    )
{%- endmacro %}
