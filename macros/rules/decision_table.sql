{#- Decision tables: rules in a seed, first match wins.

    The bounds of a table cut its measures into cells, in each of which one rule matches. The cells
    prove the table (each has a rule, each rule a cell) and classify: a customer's cell is found by
    comparing its measures with the few bounds, so no customer is ever compared with every rule. Of a
    code the cells tell apart only what rules in force name; all else, and null, is ''. -#}

{#- What the seed's YAML declares under meta: decision_table: outcome, measures (numbers with a
    min_ and a max_ column) and codes (texts with a column of their name, each with its catalogue
    as [seed, column]). A model reads it once and hands it on, so that a unit test can mock it. -#}
{% macro decision_table(seed_name) -%}
    {%- set declared = {'outcome': 'outcome', 'measures': {}, 'codes': {}} -%}
    {%- if execute and graph.get('nodes') -%}
        {%- do declared.update(graph.nodes['seed.strata.' ~ seed_name].config.meta.decision_table) -%}
    {%- endif -%}
    {{ return(declared) }}
{%- endmacro %}

{#- CTE body: one row per rule of the seed. Tables without rule sets have one, `live`. -#}
{% macro decision_rules(table, seed) -%}
    select
        rule_id,
        {% if table.has_rule_sets %}rule_set{% else %}'live' as rule_set{% endif %},
        market,
        priority,
        {{ table.outcome }} as outcome,
        {%- for measure in table.measures %}
        min_{{ measure }},
        max_{{ measure }},
        {%- endfor %}
        {%- for code in table.codes %}
        {{ code }},
        {%- endfor %}
        note,
        valid_from,
        valid_to
    from {{ seed }}
{%- endmacro %}

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

{#- CTE `bounds`: one row per evaluation date, rule set and market, the bounds of each measure as
    columns. -#}
{% macro cell_bounds(table, cells) -%}
    bounds as (
        select
            dates.evaluation_date,
            cells.rule_set,
            cells.market,
            cells.period_from
            {%- for measure in table.measures %}
                {%- for step in range(1, var('max_rule_bounds') + 1) %},
            max(case when cells.{{ measure }}_step = {{ step }} then cells.{{ measure }}_from end)
                as {{ measure }}_{{ step }}
                {%- endfor %}
            {%- endfor %}
        from {{ ref('int_evaluation_dates') }} as dates
        inner join {{ cells }} as cells
            on
                cells.period_from <= dates.evaluation_date
                and (cells.period_to > dates.evaluation_date or cells.period_to is null)
        group by
            dates.evaluation_date,
            cells.rule_set,
            cells.market,
            cells.period_from
    )
{%- endmacro %}

{#- CTEs up to `matched`: the rows of a CTE with the rule and outcome of their cell. The rule set is
    an expression, a text or a column of the rows. A code that no rule in force names is in the cells
    of ''. -#}
{% macro match_rules(rows, table, cells, columns, rule_set="'live'") -%}
    {{ cell_bounds(table, cells) }},
    {% for code in table.codes %}
    {{ code }}_named as (
        select
            rule_set,
            market,
            period_from,
            {{ code }}_value as value
        from {{ cells }}
        group by
            rule_set,
            market,
            period_from,
            {{ code }}_value
    ),
    {% endfor %}
    matched as (
        select
            {{ rows }}.*
            {%- for source_column, name in columns.items() %},
            cells.{{ source_column }} as {{ name }}
            {%- endfor %}
        from {{ rows }}
        left join bounds
            on
                {{ rows }}.evaluation_date = bounds.evaluation_date
                and {{ rows }}.market = bounds.market
                and bounds.rule_set = {{ rule_set }}
        {%- for code in table.codes %}
        left join {{ code }}_named
            on
                bounds.rule_set = {{ code }}_named.rule_set
                and bounds.market = {{ code }}_named.market
                and bounds.period_from = {{ code }}_named.period_from
                and {{ rows }}.{{ code }} = {{ code }}_named.value
        {%- endfor %}
        left join {{ cells }} as cells
            on
                bounds.rule_set = cells.rule_set
                and bounds.market = cells.market
                and bounds.period_from = cells.period_from
                {%- for measure in table.measures %}
                and {{ step_of(rows ~ '.' ~ measure, 'bounds.' ~ measure) }}
                = cells.{{ measure }}_step
                {%- endfor %}
                {%- for code in table.codes %}
                and coalesce({{ code }}_named.value, '') = cells.{{ code }}_value
                {%- endfor %}
    )
{%- endmacro %}

{#- The step of a measure: the number of bounds at or below it; -1 for null. -#}
{% macro step_of(measure, bound) -%}
    case
        when {{ measure }} is null then -1
        {%- for step in range(1, var('max_rule_bounds') + 1) %}
        when {{ bound }}_{{ step }} is null or {{ measure }} < {{ bound }}_{{ step }}
            then {{ step - 1 }}
        {%- endfor %}
        else {{ var('max_rule_bounds') }}
    end
{%- endmacro %}
