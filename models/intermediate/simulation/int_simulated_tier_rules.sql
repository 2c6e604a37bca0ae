-- depends_on: {{ ref('markets') }}
-- depends_on: {{ ref('tiers') }}
-- depends_on: {{ ref('int_markets') }}
{%- set table = decision_table('tier_rules') %}

with

-- Of the rule set in force the rules of the last date; of the others those that have not ended.
candidates as (
    select
        rules.*,
        row_number() over (
            partition by
                rules.rule_set,
                rules.market,
                rules.priority
            order by
                rules.valid_from asc nulls first,
                rules.rule_id asc nulls first
        ) as succession
    from {{ ref('int_tier_rules') }} as rules
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
        rule_id,
        rule_set,
        market,
        priority,
        outcome,
        {%- for measure in table.measures %}
        min_{{ measure }},
        max_{{ measure }},
        {%- endfor %}
        {%- for code in table.codes %}
        {{ code }},
        {%- endfor %}
        note,
        date '1970-01-01' as valid_from,
        cast(null as date) as valid_to
    from candidates
    where succession = 1
)

select * from simulated
