{%- set table = decision_table('lifecycle_rules') %}

with

evaluations as (
    select * from {{ ref('int_evaluations_behaved') }}
),

{{ match_rules(
    'evaluations',
    'lifecycle_rules',
    table,
    ref('int_rules_in_force'),
    ref('int_rule_ranges'),
    {'outcome': 'lifecycle_stage'},
) }}

select * from matched
