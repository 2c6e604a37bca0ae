{%- set table = decision_table('rfm_segments') %}

with

evaluations as (
    select * from {{ ref('int_evaluations_scored') }}
),

{{ match_rules(
    'evaluations',
    'rfm_segments',
    table,
    ref('int_rules_in_force'),
    ref('int_rule_ranges'),
    {'outcome': 'rfm_segment'},
) }}

select * from matched
