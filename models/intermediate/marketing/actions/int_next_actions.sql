{{ config(materialized='table') }}  -- two rule tables away from the history, and read by four models

{%- set triggers = decision_table('trigger_rules') %}
{%- set actions = decision_table('action_rules') %}
{%- set rules = ref('strata', 'int_marketing_rules_in_force') %}
{%- set ranges = ref('strata', 'int_marketing_rule_ranges') %}

with

happenings as (
    select * from {{ ref('strata', 'int_customer_happenings') }}
),

{{ match_rules('happenings', 'trigger_rules', triggers, rules, ranges, {'outcome': 'trigger_code'}) }},

{{ match_rules(
    'trigger_rules_matched',
    'action_rules',
    actions,
    rules,
    ranges,
    {'rule_id': 'rule_id', 'outcome': 'action_code'},
) }}

select * from action_rules_matched
