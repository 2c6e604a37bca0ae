-- depends_on: {{ ref('markets') }}
-- depends_on: {{ ref('tiers') }}
-- depends_on: {{ ref('int_markets') }}

with

rules as (
    {{ decision_rules(decision_table('tier_rules'), ref('tier_rules')) }}
)

select * from rules
