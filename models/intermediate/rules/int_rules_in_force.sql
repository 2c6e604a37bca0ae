-- depends_on: {{ ref('tiers') }}
-- depends_on: {{ ref('rfm_segment_labels') }}
-- depends_on: {{ ref('behaviour_statuses') }}
-- depends_on: {{ ref('lifecycle_stages') }}
-- depends_on: {{ ref('churn_risks') }}
{{ config(materialized='table') }}  -- small, and read for every customer

with

{{ rule_conditions(core_tables()) }},

of_rule_set as (
    select * from conditions
    where rule_set = '{{ var("tier_rule_set") }}'
),

{{ rules_in_force('of_rule_set') }}

select * from rules_in_force
