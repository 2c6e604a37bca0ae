{#- CTEs up to `cells`: one row per rule set, market, period and cell, with the rule that wins it. -#}
{% macro decision_cells(table, rules, rule_set=none) -%}
    rules as (
        select * from {{ rules }}
        {%- if rule_set is not none %}
        where rule_set = '{{ rule_set }}'
        {%- endif %}
    ),

    -- A table changes on the days on which a rule begins or ends.
    changes as (
        select
            rule_set,
            valid_from as period_from
        from rules
        union
        select
            rule_set,
            valid_to as period_from
        from rules
        where valid_to is not null
        union
        select
            rules.rule_set,
            dates.evaluation_date as period_from
        from rules
        cross join (
            select min(evaluation_date) as evaluation_date from {{ ref('int_evaluation_dates') }}
        ) as dates
    ),

    periods as (
        select
            rule_set,
            period_from,
            lead(period_from) over (partition by rule_set order by period_from) as period_to
        from changes
    ),

    scopes as (
        select
            row_number() over (
                order by periods.rule_set, markets.market, periods.period_from
            ) as scope_id,
            periods.rule_set,
            markets.market,
            periods.period_from,
            periods.period_to
        from periods
        cross join {{ ref('int_markets') }} as markets
    ),

    candidates as (
        select
            scopes.scope_id,
            rules.*,
            rules.market = scopes.market as is_own,
            max(case when rules.market = scopes.market then 1 else 0 end) over (
                partition by scopes.scope_id
            ) as has_own
        from scopes
        inner join rules
            on
                scopes.rule_set = rules.rule_set
                and (rules.market = scopes.market or rules.market = '*')
                and rules.valid_from <= scopes.period_from
                and (rules.valid_to > scopes.period_from or rules.valid_to is null)
    ),

    rules_in_force as (
        select * from candidates
        where is_own or has_own = 0
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
