{#- The proof of decision tables on their ranges: each combination of ranges has a rule, each rule is the
    first of one, each market has a catch-all in each period, and there is room for the rules of a scope
    and the ranges of a measure. Combinations that the same rules admit are one. `proved_rule_set` is one
    whose rules win on other dates, which is proved elsewhere. -#}
{% test rules_are_complete(model, rules_in_force, proved_rule_set=none) %}

{{ config(meta={'reports_rules': true}) }}
{%- set tables = decision_tables_of(rules_in_force.identifier) %}
{%- set text = dbt.type_string() %}
{%- set most_combinations = 100000 %}
{%- set where_it_is = "' in rule set ' || rule_set || ', market ' || market || ', from '"
    ~ " || cast(period_from as " ~ text ~ ")" %}

with

rules as (
    select * from {{ rules_in_force }}
    where rule_id is not null
),

scopes as (
    select
        scope_id,
        decision_table,
        rule_set,
        market,
        period_from,
        count(rule_id) as rule_count
    from {{ rules_in_force }}
    group by
        scope_id,
        decision_table,
        rule_set,
        market,
        period_from
),

-- Of each mask of a measure one range is told.
masks as (
    select
        scope_id,
        decision_table,
        measure,
        mask,
        min(
            measure || ' '
            || case
                when code = '' then 'any other'
                when code is not null then code
                when range_number = -1 then 'null'
                else
                    case when includes_from then '[' else '(' end
                    || coalesce({{ bound_told('range_from') }}, '')
                    || '..' || coalesce({{ bound_told('range_to') }}, '')
                    || case when includes_to then ']' else ')' end
            end
        ) as range_told
    from {{ model }}
    group by
        scope_id,
        decision_table,
        measure,
        mask
),

counted as (
    select
        scope_id,
        sum(ln(cast(mask_count as {{ type_double() }}))) as log_combinations
    from (
        select
            scope_id,
            measure,
            count(*) as mask_count
        from masks
        group by
            scope_id,
            measure
    ) as masks_by_measure
    group by scope_id
),

too_many_rules as (
    select
        decision_table,
        '(all rules)' as rule_id,
        'there are ' || cast(rule_count as {{ text }}) || ' rules, at most {{ max_rules() }} have room'
        || {{ where_it_is }} || '; merge some, or give markets rules of their own' as defect
    from scopes
    where rule_count > {{ max_rules() }}
),

too_many_combinations as (
    select
        scopes.decision_table,
        '(all rules)' as rule_id,
        'the rules tell more than {{ most_combinations }} combinations of ranges apart'
        || {{ where_it_is }} || '; name fewer values' as defect
    from scopes
    inner join counted on scopes.scope_id = counted.scope_id
    where counted.log_combinations > ln({{ most_combinations + 0.5 }})
),

provable as (
    select
        scopes.scope_id,
        scopes.decision_table
    from scopes
    inner join counted on scopes.scope_id = counted.scope_id
    where counted.log_combinations <= ln({{ most_combinations + 0.5 }})
),

combinations as (
    {%- for seed_name in tables %}
    {%- set measures = decision_table(seed_name).measures | list %}
    select
        provable.scope_id,
        {%- for measure in measures %}
        {{ measure }}_masks.mask{{ ' &' if not loop.last }}
        {%- endfor %} as rules_met,
        {%- for measure in measures %}
        {{ measure }}_masks.range_told{{ " || ', ' ||" if not loop.last }}
        {%- endfor %} as ranges_told
    from provable
    {%- for measure in measures %}
    inner join masks as {{ measure }}_masks
        on
            provable.scope_id = {{ measure }}_masks.scope_id
            and {{ measure }}_masks.measure = '{{ measure }}'
    {%- endfor %}
    where provable.decision_table = '{{ seed_name }}'
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- The first combination without a rule says enough of its market and period.
gaps as (
    select
        scope_id,
        min(ranges_told) as ranges_told
    from combinations
    where rules_met = 0
    group by scope_id
),

gaps_told as (
    select
        scopes.decision_table,
        '(no rule)' as rule_id,
        'a gap: no rule matches '
        || case when scopes.rule_count = 0 then 'anybody' else gaps.ranges_told end
        || {{ where_it_is }} as defect
    from scopes
    left join gaps on scopes.scope_id = gaps.scope_id
    where gaps.scope_id is not null or scopes.rule_count = 0
),

-- A rule without conditions is in the masks of all ranges.
catch_alls as (
    select rules.scope_id
    from rules
    inner join masks
        on rules.scope_id = masks.scope_id and (masks.mask & rules.rule_bit) <> 0
    inner join (
        select
            scope_id,
            count(*) as mask_count
        from masks
        group by scope_id
    ) as all_masks on rules.scope_id = all_masks.scope_id
    group by
        rules.scope_id,
        rules.rule_id,
        all_masks.mask_count
    having count(*) = all_masks.mask_count
),

without_catch_all as (
    select
        scopes.decision_table,
        '(no rule)' as rule_id,
        'no catch-all (a last rule without conditions)' || {{ where_it_is }} as defect
    from scopes
    left join catch_alls on scopes.scope_id = catch_alls.scope_id
    where catch_alls.scope_id is null
),

winners as (
    select
        rules.decision_table,
        rules.rule_set,
        rules.rule_id
    from combinations
    inner join rules
        on
            combinations.scope_id = rules.scope_id
            and {{ first_rule('combinations.rules_met') }} = rules.rule_bit
    group by
        rules.decision_table,
        rules.rule_set,
        rules.rule_id
),

-- Each rule that is sound is in force in some scope.
all_rules as (
    select
        decision_table,
        rule_set,
        rule_id
    from rules
    {%- if proved_rule_set is not none %}
    where rule_set <> '{{ proved_rule_set }}'
    {%- endif %}
    group by
        decision_table,
        rule_set,
        rule_id
),

unreachable as (
    select
        all_rules.decision_table,
        all_rules.rule_id,
        'the rule can never match: rules of a lower priority cover it' as defect
    from all_rules
    left join winners
        on
            all_rules.decision_table = winners.decision_table
            and all_rules.rule_set = winners.rule_set
            and all_rules.rule_id = winners.rule_id
    left join too_many_combinations on all_rules.decision_table = too_many_combinations.decision_table
    left join too_many_rules on all_rules.decision_table = too_many_rules.decision_table
    where
        winners.rule_id is null
        and too_many_combinations.decision_table is null
        and too_many_rules.decision_table is null
),

too_many_ranges as (
    select
        decision_table,
        '(all rules)' as rule_id,
        measure || ' has more than {{ setting('max_rule_bounds') }} bounds; raise the var '
        || 'max_rule_bounds' as defect
    from {{ model }}
    group by
        decision_table,
        measure
    having max(range_number) > {{ setting('max_rule_bounds') }}
),

defects as (
    select * from gaps_told
    union all
    select * from without_catch_all
    union all
    select * from unreachable
    union all
    select * from too_many_rules
    union all
    select * from too_many_combinations
    union all
    select * from too_many_ranges
)

select
    decision_table as seed_name,
    rule_id,
    defect
from defects

{% endtest %}
