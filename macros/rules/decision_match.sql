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
                {%- for step in range(1, setting('max_rule_bounds') + 1) %},
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
        {%- for step in range(1, setting('max_rule_bounds') + 1) %}
        when {{ bound }}_{{ step }} is null or {{ measure }} < {{ bound }}_{{ step }}
            then {{ step - 1 }}
        {%- endfor %}
        else {{ var('max_rule_bounds') }}
    end
{%- endmacro %}
