{%- set table = decision_table('trigger_rules') %}

with

evaluations as (
    select * from {{ ref('int_customer_happenings') }}
),

{{ match_rules(
    'evaluations',
    'trigger_rules',
    table,
    ref('int_marketing_rules_in_force'),
    ref('int_marketing_rule_ranges'),
    {'outcome': 'trigger_code'},
) }}

select * from trigger_rules_matched
