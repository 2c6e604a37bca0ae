{#- One row per defect that a rule of a decision table has in itself or beside another rule.
    `catalogue` and `catalogue_column` say where every outcome must be; the catalogues of codes are
    declared in the seed's YAML, and the model of the rules refs them. A table must have rules, of
    the rule set in force if it has rule sets. -#}
{% test decision_table(model, seed_name, catalogue, catalogue_column) %}

{{ config(meta={'reports_rules': true}) }}
{%- set table = decision_table(seed_name) %}
{%- set text = dbt.type_string() %}
{#- the lowest and highest value of a measure: 0 or more, where the seed does not say #}
{%- set ranges = table.ranges or {} %}

with

rules as (
    select * from {{ model }}
),

outcomes as (
    select {{ catalogue_column }} as outcome
    from {{ catalogue }}
),

rule_sets as (
    select rule_set
    from rules
    group by rule_set
),

{% if table.has_rule_sets -%}
{%- set rule_set = var('tier_rule_set') | string | replace("'", "''") -%}
no_rules as (
    select
        '(no rule)' as rule_id,
        'the var tier_rule_set is {{ rule_set }}, of which there is no rule; the rule sets are: '
        || coalesce({{ list_of('rule_set') }}, '(none)') as defect
    from rule_sets
    having coalesce(max(case when rule_set = '{{ rule_set }}' then 1 else 0 end), 0) = 0
),
{%- else -%}
no_rules as (
    select
        '(no rule)' as rule_id,
        'the table has no rules' as defect
    from rule_sets
    having count(*) = 0
),
{%- endif %}

twice as (
    select
        rule_id,
        'the rule_id is there ' || cast(count(*) as {{ text }}) || ' times' as defect
    from rules
    group by rule_id
    having count(*) > 1
),

incomplete as (
    select
        coalesce(rule_id, '(blank)') as rule_id,
        'rule_id, rule_set, market, priority, outcome and valid_from must not be blank' as defect
    from rules
    where
        rule_id is null
        or rule_set is null
        or market is null
        or priority is null
        or outcome is null
        or valid_from is null
),

wrong_periods as (
    select
        rule_id,
        'valid_from ' || cast(valid_from as {{ text }}) || ' is not before valid_to '
        || cast(valid_to as {{ text }}) as defect
    from rules
    where valid_from >= valid_to
),

unknown_outcomes as (
    select
        rules.rule_id,
        'the outcome ' || rules.outcome || ' is not in {{ catalogue.identifier }}' as defect
    from rules
    left join outcomes on rules.outcome = outcomes.outcome
    where outcomes.outcome is null
),

unknown_markets as (
    select
        rules.rule_id,
        'the market ' || rules.market || ' is not in markets' as defect
    from rules
    left join {{ ref('int_markets') }} as markets on rules.market = markets.market
    where markets.market is null
),

clashes as (
    select
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
            rules.rule_set = others.rule_set
            and rules.market = others.market
            and rules.priority = others.priority
            and rules.rule_id > others.rule_id
            and rules.valid_from < coalesce(others.valid_to, date '9999-12-31')
            and others.valid_from < coalesce(rules.valid_to, date '9999-12-31')
),
{% for measure in table.measures %}
{{ measure }}_bounds as (
    select
        rule_id,
        'min_{{ measure }} ' || cast(min_{{ measure }} as {{ text }})
        || ' is not below max_{{ measure }} ' || cast(max_{{ measure }} as {{ text }}) as defect
    from rules
    where min_{{ measure }} >= max_{{ measure }}
),
{% endfor %}
{%- for measure in table.measures %}
{%- set low, high = (ranges.get(measure, [0]) + [none, none])[:2] %}
{{ measure }}_range as (
    select
        rule_id,
        'a bound of {{ measure }} is outside of its values
        {{- ', which are ' ~ low ~ (' to ' ~ high if high is not none else ' or more') if low is not none }}; leave it blank or correct it'
            as defect
    from rules
    where
        {{ 'min_' ~ measure ~ ' < ' ~ low ~ ' or max_' ~ measure ~ ' <= ' ~ low if low is not none else 'false' }}
        {{ 'or min_' ~ measure ~ ' > ' ~ high if high is not none }}
),
{% endfor %}
{%- for code, code_catalogue in table.codes.items() %}
{{ code }}_codes as (
    select
        rules.rule_id,
        '{{ code }} ' || rules.{{ code }} || ' is not in {{ code_catalogue[0] }}' as defect
    from rules
    left join {{ graph.nodes['seed.strata.' ~ code_catalogue[0]].relation_name }} as known
        on rules.{{ code }} = known.{{ code_catalogue[1] }}
    where rules.{{ code }} is not null and known.{{ code_catalogue[1] }} is null
),
{% endfor %}
defects as (
    select * from no_rules
    union all
    select * from twice
    union all
    select * from incomplete
    union all
    select * from wrong_periods
    union all
    select * from unknown_outcomes
    union all
    select * from unknown_markets
    union all
    select * from clashes
    {%- for measure in table.measures %}
    union all
    select * from {{ measure }}_bounds
    union all
    select * from {{ measure }}_range
    {%- endfor %}
    {%- for code in table.codes %}
    union all
    select * from {{ code }}_codes
    {%- endfor %}
)

select
    '{{ seed_name }}' as seed_name,
    rule_id,
    defect
from defects

{% endtest %}
