-- depends_on: {{ ref('markets') }}
-- depends_on: {{ ref('actions') }}
-- depends_on: {{ ref('tiers') }}
-- depends_on: {{ ref('lifecycle_stages') }}
-- depends_on: {{ ref('behaviour_statuses') }}
-- depends_on: {{ ref('rfm_segment_labels') }}
-- depends_on: {{ ref('churn_risks') }}
-- depends_on: {{ ref('triggers') }}
-- depends_on: {{ ref('int_markets') }}

with

rules as (
    {{ decision_rules(decision_table('action_rules'), ref('action_rules')) }}
)

select * from rules
