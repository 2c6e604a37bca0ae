-- depends_on: {{ ref('markets') }}
-- depends_on: {{ ref('lifecycle_stages') }}
-- depends_on: {{ ref('int_markets') }}

with

rules as (
    {{ decision_rules(decision_table('lifecycle_rules'), ref('lifecycle_rules')) }}
)

select * from rules
