{{ config(materialized='table') }}  -- two rule tables away from the history, and read by four models

{%- set table = decision_table('action_rules') %}

with

evaluations as (
    select * from {{ ref('int_customers_triggered') }}
),

{{ match_rules(
    'evaluations',
    'action_rules',
    table,
    ref('int_marketing_rules_in_force'),
    ref('int_marketing_rule_ranges'),
    {'rule_id': 'rule_id', 'outcome': 'action_code'},
) }}

select * from action_rules_matched
