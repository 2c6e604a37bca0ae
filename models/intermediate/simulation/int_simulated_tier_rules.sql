-- depends_on: {{ ref('markets') }}
-- depends_on: {{ ref('tiers') }}
-- depends_on: {{ ref('int_markets') }}
{%- set table = decision_table('tier_rules') %}

with

-- The rule set in force as it is on the last date; of the others every rule that has not ended.
rules as (
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
    from {{ ref('int_tier_rules') }}
    where
        (valid_to > {{ as_of_date() }} or valid_to is null)
        and (valid_from <= {{ as_of_date() }} or rule_set <> '{{ var("tier_rule_set") }}')
)

select * from rules
