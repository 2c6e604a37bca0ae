{{ config(materialized='table') }}  -- two rule tables away from the history, and read by four models

{%- set table = decision_table('action_rules') %}

with

evaluations as (
    select * from {{ ref('int_customers_triggered') }}
),

{{ match_rules(
    'evaluations',
    table,
    ref('int_action_rule_cells'),
    {'rule_id': 'rule_id', 'outcome': 'action_code'},
) }}

select * from matched
