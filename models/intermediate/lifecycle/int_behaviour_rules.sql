-- depends_on: {{ ref('markets') }}
-- depends_on: {{ ref('behaviour_statuses') }}
-- depends_on: {{ ref('int_markets') }}

with

rules as (
    {{ decision_rules(decision_table('behaviour_rules'), ref('behaviour_rules')) }}
)

select * from rules
