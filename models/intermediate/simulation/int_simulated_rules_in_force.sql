{{ config(materialized='table') }}  -- small, and read for every customer

with

{{ rule_conditions({'tier_rules': ref('tier_rules')}) }},

-- Of the rule set in force the rules of the last date; of the others those that have not ended.
not_ended as (
    select
        conditions.*,
        row_number() over (
            partition by
                conditions.rule_set,
                conditions.market,
                conditions.priority,
                conditions.measure
            order by
                conditions.valid_from asc nulls first,
                conditions.rule_id asc nulls first
        ) as succession
    from conditions
    where
        (conditions.valid_to > {{ as_of_date() }} or conditions.valid_to is null)
        and (
            conditions.valid_from <= {{ as_of_date() }}
            or conditions.rule_set <> '{{ var("tier_rule_set") }}'
        )
),

-- Where one rule will follow another, the first is simulated, on every date.
simulated as (
    select
        decision_table,
        rule_id,
        rule_set,
        market,
        priority,
        outcome,
        sentence,
        sentence_zh,
        note,
        date '1970-01-01' as valid_from,
        cast(null as date) as valid_to
    from not_ended
    where succession = 1
),

{{ rules_in_force('simulated') }}

select * from rules_in_force
