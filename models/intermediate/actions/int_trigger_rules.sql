-- depends_on: {{ ref('markets') }}
-- depends_on: {{ ref('triggers') }}
-- depends_on: {{ ref('int_markets') }}

with

rules as (
    {{ decision_rules(decision_table('trigger_rules'), ref('trigger_rules')) }}
)

select * from rules
