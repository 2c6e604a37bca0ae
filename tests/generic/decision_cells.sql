{#- The proof of a decision table on its cells: each cell has a rule, each rule wins a cell, each
    market has a catch-all in each period, and no measure has more bounds than there is room for. `rule_set`
    is given where the cells are those of only one; `proved_rule_set` is one whose rules win cells on
    other dates, which is proved elsewhere. -#}
{% test decision_cells(model, seed_name, rules_model, rule_set=none, proved_rule_set=none) %}

{{ config(meta={'reports_rules': true}) }}
{%- set table = decision_table(seed_name) %}
{%- set text = dbt.type_string() %}
{%- set where_it_is = "' in rule set ' || rule_set || ', market ' || market || ', from '"
    ~ " || cast(period_from as " ~ text ~ ")" %}

with

cells as (
    select * from {{ model }}
),

rules as (
    select * from {{ rules_model }}
    {%- if rule_set is not none %}
    where rule_set = '{{ rule_set }}'
    {%- endif %}
),

-- The first cell without a rule says enough of its market and period.
gaps as (
    select
        rule_set,
        market,
        period_from,
        count(*) as gap_cells
    from cells
    where rule_id is null
    group by
        rule_set,
        market,
        period_from
),

catch_alls as (
    select
        rule_id,
        rule_set
    from rules
    where
        {%- for measure in table.measures %}
        min_{{ measure }} is null
        and max_{{ measure }} is null
        {{- ' and' if not loop.last or table.codes }}
        {%- endfor %}
        {%- for code in table.codes %}
        {{ code }} is null{{ ' and' if not loop.last }}
        {%- endfor %}
),

without_catch_all as (
    select
        cells.rule_set,
        cells.market,
        cells.period_from,
        max(catch_alls.rule_id) as catch_all
    from cells
    left join catch_alls
        on cells.rule_set = catch_alls.rule_set and cells.rule_id = catch_alls.rule_id
    group by
        cells.rule_set,
        cells.market,
        cells.period_from
    having max(catch_alls.rule_id) is null
),

winners as (
    select
        rule_set,
        rule_id
    from cells
    where rule_id is not null
    group by
        rule_set,
        rule_id
),

unreachable as (
    select
        rules.rule_id,
        'the rule can never match: rules of a lower priority cover it' as defect
    from rules
    left join winners on rules.rule_set = winners.rule_set and rules.rule_id = winners.rule_id
    where
        winners.rule_id is null
        {%- if proved_rule_set is not none %}
        and rules.rule_set <> '{{ proved_rule_set }}'
        {%- endif %}
),

defects as (
    select
        '(no rule)' as rule_id,
        'a gap: no rule matches in ' || cast(gap_cells as {{ text }}) || ' cells'
        || {{ where_it_is }} as defect
    from gaps
    union all
    select
        '(no rule)' as rule_id,
        'no catch-all (a last rule without conditions)' || {{ where_it_is }} as defect
    from without_catch_all
    union all
    select
        rule_id,
        defect
    from unreachable
    {%- for measure in table.measures %}
    union all
    select
        '(all rules)' as rule_id,
        '{{ measure }} has more than {{ var("max_rule_bounds") }} bounds; raise the var '
        || 'max_rule_bounds' as defect
    from cells
    group by rule_set
    having max({{ measure }}_step) > {{ var('max_rule_bounds') }}
    {%- endfor %}
)

select
    '{{ seed_name }}' as seed_name,
    rule_id,
    defect
from defects

{% endtest %}
