{{ config(materialized='table') }}  -- small, and read by the simulated rules

with

{{ rule_conditions({'tier_rules': ref('tier_rules')}) }},

rules as (
    select
        rule_id,
        rule_set,
        market,
        priority,
        valid_from,
        valid_to
    from conditions
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
        conditions.decision_table,
        conditions.rule_id,
        conditions.rule_set,
        conditions.market,
        conditions.priority,
        conditions.outcome,
        conditions.measure,
        conditions.code,
        conditions.low,
        conditions.includes_low,
        conditions.high,
        conditions.includes_high,
        conditions.sentence,
        conditions.sentence_zh,
        conditions.measure_type,
        conditions.note,
        date '1970-01-01' as valid_from,
        cast(null as date) as valid_to
    from conditions
    inner join candidates
        on conditions.rule_id = candidates.rule_id and candidates.succession = 1
)

select * from simulated
