{{ config(materialized='table') }}  -- small, and read by the simulated rules

with

tier_rules as (
    select * from {{ ref('strata', 'int_rule_conditions') }}
    where decision_table = 'tier_rules'
),

rules as (
    select
        rule_id,
        rule_set,
        market,
        priority,
        valid_from,
        valid_to
    from tier_rules
    group by
        rule_id,
        rule_set,
        market,
        priority,
        valid_from,
        valid_to
),

-- Of the rule set in force the rules of the last date; of the others those that have not ended.
candidates as (
    select
        rules.rule_id,
        row_number() over (
            partition by
                rules.rule_set,
                rules.market,
                rules.priority
            order by
                rules.valid_from asc nulls first,
                rules.rule_id asc nulls first
        ) as succession
    from rules
    where
        (rules.valid_to > {{ as_of_date() }} or rules.valid_to is null)
        and (
            rules.valid_from <= {{ as_of_date() }}
            or rules.rule_set <> '{{ var("tier_rule_set") }}'
        )
),

-- Where one rule will follow another, the first is simulated.
simulated as (
    select
        tier_rules.decision_table,
        tier_rules.rule_id,
        tier_rules.rule_set,
        tier_rules.market,
        tier_rules.priority,
        tier_rules.outcome,
        tier_rules.measure,
        tier_rules.code,
        tier_rules.low,
        tier_rules.includes_low,
        tier_rules.high,
        tier_rules.includes_high,
        tier_rules.sentence,
        tier_rules.measure_type,
        tier_rules.note,
        date '1970-01-01' as valid_from,
        cast(null as date) as valid_to
    from tier_rules
    inner join candidates
        on tier_rules.rule_id = candidates.rule_id and candidates.succession = 1
)

select * from simulated
