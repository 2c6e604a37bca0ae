{%- set table = decision_table('trigger_rules') %}

with

evaluations as (
    select * from {{ ref('int_customer_happenings') }}
),

{{ match_rules(
    'evaluations', table, ref('int_trigger_rule_cells'), {'outcome': 'trigger_code'}
) }}

select * from matched
