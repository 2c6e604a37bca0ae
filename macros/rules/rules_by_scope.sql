{#- CTEs up to `rules_in_force`: one row per rule set, market, period and rule in force there. A table
    changes on the days on which a rule begins or ends. A scope without rules has one row, without a rule. -#}
{% macro rules_by_scope(table, rules, rule_set=none) -%}
    rules as (
        select * from {{ rules }}
        {%- if rule_set is not none %}
        where rule_set = '{{ rule_set }}'
        {%- endif %}
    ),

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
            scopes.rule_set,
            scopes.market,
            rules.rule_id,
            rules.priority,
            rules.outcome,
            {%- for measure in table.measures %}
            rules.min_{{ measure }},
            rules.max_{{ measure }},
            {%- endfor %}
            {%- for code in table.codes %}
            rules.{{ code }},
            {%- endfor %}
            coalesce(rules.market = scopes.market, true) as is_own,
            max(case when rules.market = scopes.market then 1 else 0 end) over (
                partition by scopes.scope_id
            ) as has_own,
            scopes.period_from,
            scopes.period_to
        from scopes
        left join rules
            on
                scopes.rule_set = rules.rule_set
                and (rules.market = scopes.market or rules.market = '*')
                and rules.valid_from <= scopes.period_from
                and (rules.valid_to > scopes.period_from or rules.valid_to is null)
    ),

    rules_in_force as (
        select * from candidates
        where is_own or has_own = 0
    )
{%- endmacro %}
