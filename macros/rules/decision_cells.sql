{#- CTEs up to `cells`: one row per rule set, market, period and cell, with the rule that wins it. -#}
{% macro decision_cells(table, rules, rule_set=none) -%}
    {%- set scope = ['rule_set', 'market', 'period_from'] -%}
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

    candidates as (
        select
            periods.period_from,
            periods.period_to,
            markets.market as scope_market,
            rules.*,
            max(case when rules.market = markets.market then 1 else 0 end) over (
                partition by periods.rule_set, periods.period_from, markets.market
            ) as has_own
        from periods
        cross join {{ ref('int_markets') }} as markets
        left join rules
            on
                periods.rule_set = rules.rule_set
                and (rules.market = markets.market or rules.market = '*')
                and rules.valid_from <= periods.period_from
                and (rules.valid_to > periods.period_from or rules.valid_to is null)
    ),

    scopes as (
        select
            periods.rule_set,
            periods.period_from,
            periods.period_to,
            markets.market
        from periods
        cross join {{ ref('int_markets') }} as markets
    ),

    rules_in_force as (
        select * from candidates
        where rule_id is not null and (market = scope_market or has_own = 0)
    ),
    {% for measure in table.measures %}
    {{ measure }}_bounds as (
        {%- for side in ['min', 'max'] %}
        select
            rule_set,
            scope_market as market,
            period_from,
            {{ side }}_{{ measure }} as bound
        from rules_in_force
        where {{ side }}_{{ measure }} is not null
        {{- '\n        union' if not loop.last }}
        {%- endfor %}
    ),

    {{ measure }}_steps as (
        select
            rule_set,
            market,
            period_from,
            row_number() over (partition by {{ scope | join(', ') }} order by bound) as step,
            bound as step_from,
            lead(bound) over (partition by {{ scope | join(', ') }} order by bound) as step_to
        from {{ measure }}_bounds
        union all
        select
            scopes.rule_set,
            scopes.market,
            scopes.period_from,
            0 as step,
            null as step_from,
            min({{ measure }}_bounds.bound) as step_to
        from scopes
        left join {{ measure }}_bounds
            on
                scopes.rule_set = {{ measure }}_bounds.rule_set
                and scopes.market = {{ measure }}_bounds.market
                and scopes.period_from = {{ measure }}_bounds.period_from
        group by
            scopes.rule_set,
            scopes.market,
            scopes.period_from
        union all
        select
            rule_set,
            market,
            period_from,
            -1 as step,
            null as step_from,
            null as step_to
        from scopes
    ),
    {% endfor %}
    {%- for code in table.codes %}
    {{ code }}_values as (
        select
            rule_set,
            scope_market as market,
            period_from,
            {{ code }} as value
        from rules_in_force
        where {{ code }} is not null
        union
        select
            rule_set,
            market,
            period_from,
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
        inner join {{ measure }}_steps
            on
                scopes.rule_set = {{ measure }}_steps.rule_set
                and scopes.market = {{ measure }}_steps.market
                and scopes.period_from = {{ measure }}_steps.period_from
        {%- endfor %}
        {%- for code in table.codes %}
        inner join {{ code }}_values
            on
                scopes.rule_set = {{ code }}_values.rule_set
                and scopes.market = {{ code }}_values.market
                and scopes.period_from = {{ code }}_values.period_from
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
                    grid.rule_set,
                    grid.market,
                    grid.period_from
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
                grid.rule_set = rules_in_force.rule_set
                and grid.market = rules_in_force.scope_market
                and grid.period_from = rules_in_force.period_from
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
