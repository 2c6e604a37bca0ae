-- depends_on: {{ ref('strata', 'int_markets') }}
-- depends_on: {{ ref('actions') }}
-- depends_on: {{ ref('triggers') }}
-- depends_on: {{ ref('tiers') }}
-- depends_on: {{ ref('lifecycle_stages') }}
-- depends_on: {{ ref('behaviour_statuses') }}
-- depends_on: {{ ref('rfm_segment_labels') }}
-- depends_on: {{ ref('churn_risks') }}
{{ config(materialized='table') }}  -- small, and read by all rules

with

{{ rule_conditions({
    'trigger_rules': ref('trigger_rules'),
    'action_rules': ref('action_rules'),
}) }}

select * from conditions
