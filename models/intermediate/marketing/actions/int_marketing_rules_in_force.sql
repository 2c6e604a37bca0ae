-- depends_on: {{ ref('actions') }}
-- depends_on: {{ ref('triggers') }}
-- depends_on: {{ ref('tiers') }}
-- depends_on: {{ ref('lifecycle_stages') }}
-- depends_on: {{ ref('behaviour_statuses') }}
-- depends_on: {{ ref('rfm_segment_labels') }}
-- depends_on: {{ ref('churn_risks') }}
{{ config(materialized='table') }}  -- small, and read for every customer

with

{{ rule_conditions(marketing_tables()) }},

{{ rules_in_force('conditions') }}

select * from rules_in_force
