{#- One row per defect that a rule of the decision tables has in itself or beside another rule. The
    tables are the seeds that the model reads. A table must have rules, of the rule set in force if it has
    rule sets. -#}
{% test rules_are_sound(model) %}

-- depends_on: {{ ref('strata', 'int_exchange_rates') }}

{{ config(meta={'reports_rules': true}) }}
{%- set text = dbt.type_string() %}
{%- set rule_set = var('tier_rule_set') | string | replace("'", "''") %}
{%- set tables = decision_tables_of(model.identifier) %}
{%- set seeds = {} %}
{%- for seed_name in tables %}
    {%- do seeds.update({seed_name: seed_node(seed_name).relation_name}) %}
{%- endfor %}

with

{{ rule_conditions(seeds) }},

rules as (
    select
        decision_table,
        rule_id,
        rule_set,
        market,
        priority,
        outcome,
        valid_from,
        valid_to,
        -- a table has a row of each measure for each rule
        count(*) as row_count,
        count(distinct measure) as measures
    from conditions
    group by
        decision_table,
        rule_id,
        rule_set,
        market,
        priority,
        outcome,
        valid_from,
        valid_to
),

tables as (
    {%- for seed_name, table in tables.items() %}
    select
        '{{ seed_name }}' as decision_table,
        '{{ table.catalogue[0] }}' as catalogue,
        {{ 1 if table.has_rule_sets else 0 }} as has_rule_sets
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

outcomes as (
    {%- for seed_name, table in tables.items() %}
    select
        '{{ seed_name }}' as decision_table,
        {{ table.catalogue[1] }} as outcome
    from {{ seed_node(table.catalogue[0]).relation_name }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

codes as (
    {%- for name, measure in measures().items() if measure.type == 'code' %}
    select
        '{{ name }}' as measure,
        '{{ measure.catalogue[0] }}' as catalogue,
        {{ measure.catalogue[1] }} as code
    from {{ seed_node(measure.catalogue[0]).relation_name }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

declared as (
    {{ declared_measures() }}
),

rule_sets as (
    select
        decision_table,
        rule_set
    from rules
    group by
        decision_table,
        rule_set
),

no_rules as (
    select
        tables.decision_table,
        '(no rule)' as rule_id,
        case
            when tables.has_rule_sets = 1
                then
                    'the var tier_rule_set is {{ rule_set }}, of which there is no rule; the rule sets are: '
                    || coalesce({{ list_of('rule_sets.rule_set') }}, '(none)')
            else 'the table has no rules'
        end as defect
    from tables
    left join rule_sets on tables.decision_table = rule_sets.decision_table
    group by
        tables.decision_table,
        tables.has_rule_sets
    having coalesce(max(case when rule_sets.rule_set = '{{ rule_set }}' then 1 else 0 end), 0) = 0
),

twice as (
    select
        decision_table,
        rule_id,
        'the rule_id is there ' || cast(cast(sum(row_count) / max(measures) as integer) as {{ text }}) || ' times' as defect
    from rules
    group by
        decision_table,
        rule_id
    having sum(row_count) > max(measures)
),

rule_defects as (
    select
        rules.decision_table,
        coalesce(rules.rule_id, '(blank)') as rule_id,
        case
            when
                rules.rule_id is null
                or rules.rule_set is null
                or rules.market is null
                or rules.priority is null
                or rules.outcome is null
                or rules.valid_from is null
                then 'rule_id, rule_set, market, priority, outcome and valid_from must not be blank'
            when rules.valid_from >= rules.valid_to
                then
                    'valid_from ' || cast(rules.valid_from as {{ text }}) || ' is not before valid_to '
                    || cast(rules.valid_to as {{ text }})
            when outcomes.outcome is null
                then 'the outcome ' || rules.outcome || ' is not in ' || tables.catalogue
            when markets.market is null then 'the market ' || rules.market || ' is not in markets'
        end as defect
    from rules
    inner join tables on rules.decision_table = tables.decision_table
    left join outcomes
        on rules.decision_table = outcomes.decision_table and rules.outcome = outcomes.outcome
    left join ({{ every_market() }}) as markets on rules.market = markets.market
),

clashes as (
    select
        rules.decision_table,
        rules.rule_id,
        'priority ' || cast(rules.priority as {{ text }}) || ' is also that of ' || others.rule_id
        || ' in the same rule set and market, in '
        || case
            when
                rules.valid_from = others.valid_from
                and coalesce(rules.valid_to, date '9999-12-31')
                = coalesce(others.valid_to, date '9999-12-31')
                then 'the same period'
            else 'an overlapping period'
        end as defect
    from rules
    inner join rules as others
        on
            rules.decision_table = others.decision_table
            and rules.rule_set = others.rule_set
            and rules.market = others.market
            and rules.priority = others.priority
            and rules.rule_id > others.rule_id
            and rules.valid_from < coalesce(others.valid_to, date '9999-12-31')
            and others.valid_from < coalesce(rules.valid_to, date '9999-12-31')
),

condition_defects as (
    select
        conditions.decision_table,
        conditions.rule_id,
        case
            when
                conditions.low < declared.at_least
                or conditions.low > declared.at_most
                or (conditions.low = declared.at_most and not conditions.includes_low)
                or conditions.high < declared.at_least
                or (conditions.high = declared.at_least and not conditions.includes_high)
                then
                    'a bound of ' || conditions.measure || ' is outside of its values, which are '
                    || {{ bound_told('declared.at_least') }}
                    || coalesce(' to ' || {{ bound_told('declared.at_most') }}, ' or more')
                    || '; leave it blank or correct it'
            when conditions.code is not null and codes.code is null
                then
                    conditions.measure || ' ' || conditions.code || ' is not in '
                    || catalogues.catalogue
        end as defect
    from conditions
    inner join declared on conditions.measure = declared.measure
    left join codes on conditions.measure = codes.measure and conditions.code = codes.code
    left join (
        select
            measure,
            min(catalogue) as catalogue
        from codes
        group by measure
    ) as catalogues on conditions.measure = catalogues.measure
),

defects as (
    select * from no_rules
    union all
    select * from twice
    union all
    select * from rule_defects
    union all
    select * from clashes
    union all
    select * from condition_defects
)

select
    decision_table as seed_name,
    rule_id,
    defect
from defects
where defect is not null

{% endtest %}
