-- depends_on: {{ ref('markets') }}
-- depends_on: {{ ref('actions') }}
-- depends_on: {{ ref('tiers') }}
-- depends_on: {{ ref('lifecycle_stages') }}
-- depends_on: {{ ref('behaviour_statuses') }}
-- depends_on: {{ ref('rfm_segment_labels') }}
-- depends_on: {{ ref('churn_risks') }}
-- depends_on: {{ ref('triggers') }}
-- depends_on: {{ ref('int_markets') }}
{%- set table = decision_table('action_rules') %}

with

action_rules as (
    {{ seed_in_reporting_currency('action_rules', decision_columns(table)) }}
),

rules as (
    {{ decision_rules(table, 'action_rules') }}
)

select * from rules
