-- depends_on: {{ ref('tiers') }}
-- depends_on: {{ ref('rfm_segment_labels') }}
-- depends_on: {{ ref('behaviour_statuses') }}
-- depends_on: {{ ref('lifecycle_stages') }}
-- depends_on: {{ ref('churn_risks') }}
{{ config(materialized='table') }}  -- small, and read by all rules

with

{{ rule_conditions({
    'tier_rules': ref('tier_rules'),
    'rfm_segments': ref('rfm_segments'),
    'behaviour_rules': ref('behaviour_rules'),
    'lifecycle_rules': ref('lifecycle_rules'),
    'churn_risk_rules': ref('churn_risk_rules'),
}) }}

select * from conditions
